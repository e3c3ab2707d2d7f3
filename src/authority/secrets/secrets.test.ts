// Holds the tests of secrets.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { faultOf, withAuthority } from '../../../test/fakes/authority.ts'

const by = { person: 'per_1' }

test('INV-3 a secret is in no record and in no file in clear, and opens for its system', () =>
  withAuthority(async (home, authority) => {
    const value = 'correct horse battery staple'
    await authority.secrets.put('files', 'TOKEN', 'an older one', by)
    await authority.secrets.put('files', 'TOKEN', value, by)
    await authority.secrets.put('files', '__proto__', 'no trap', by)
    await authority.secrets.put('mail', 'TOKEN', 'another', by)
    assert.deepEqual(authority.secrets.names('files'), ['TOKEN', '__proto__'])
    const again = await home.reopen()
    assert.equal(again.secrets.open('files')['TOKEN'], value)
    assert.deepEqual(Object.keys(again.secrets.open('files')).sort(), ['TOKEN', '__proto__'])
    assert.deepEqual(Object.keys(again.secrets.open('nothing')), [])
    assert.deepEqual(home.audit.last('secret.stored').body, { name: 'TOKEN', version: 1 })
    assert.ok(!JSON.stringify(home.audit.recorded).includes('horse'))
    for (const file of readdirSync(home.directory).filter((name) => name.startsWith('bailiwick'))) {
      assert.ok(!readFileSync(join(home.directory, file)).includes('horse'), file)
    }
  }))

test('names that are none, and values that no environment can hold, are refused', () =>
  withAuthority(async (home, authority) => {
    for (const name of ['', '1A', 'A-B', 'A=B', 'A B', 'x'.repeat(129)]) {
      await assert.rejects(authority.secrets.put('files', name, 'x', by), faultOf('secret.name'))
    }
    await assert.rejects(authority.secrets.put('files', 'A', 'x\0y', by), faultOf('secret.value'))
    assert.deepEqual(home.audit.types(), [])
  }))

test('INV-13 a secret of one system moved to another by hand is none', () =>
  withAuthority(async (home, authority) => {
    await authority.secrets.put('files', 'TOKEN', 'for files alone', by)
    await home.editByHand(
      `update secrets set id = 'mail/TOKEN', system = 'mail', doc = replace(doc, 'files', 'mail')`,
    )
    const again = await home.open()
    assert.deepEqual(again.secrets.names('mail'), [])
    assert.deepEqual(again.secrets.names('files'), [])
  }))
