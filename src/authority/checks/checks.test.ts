// Holds the tests of checks as rows: they stay over a restart and a rotation of keys, and stay gone where the log says so (INV-13).

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOf, withAuthority } from '../../../test/fakes/authority.ts'
import { replayChecks } from './check-replay.ts'

const GUARD = { name: 'guard', url: 'https://checks.example/refunds', timeoutMs: 5_000 }

test('INV-13 a check that was removed stays so in an older database, and a row that was edited is none', () =>
  withAuthority(async (home, authority) => {
    const { id: person } = await authority.people.create({ name: 'admin', roles: [] })
    const word = { person, reason: 'a test' }
    await authority.checks.add(GUARD, word)
    await authority.checks.add({ ...GUARD, name: 'other' }, word)
    await home.store.close()
    const older = await (await home.rows).keep()
    await (await home.reopen()).checks.remove('guard', word)
    await home.store.close()
    await older()
    const names = async (): Promise<string[]> =>
      (await home.reopen()).checks.list().map(({ name }) => name)
    assert.deepEqual(await names(), ['guard', 'other'])
    const audit = { tail: home.audit.tail.bind(home.audit) }
    assert.equal(await replayChecks({ audit, store: home.store }), 1)
    assert.equal(await replayChecks({ audit, store: home.store }), 0, 'once')
    assert.deepEqual(await names(), ['other'])
    await home.editByHand(`update checks set doc = replace(doc, 'checks.example', 'evil.example')`)
    assert.deepEqual(await names(), [])
  }))

test('a rotation wraps the keys of checks anew, and they are what they were', () =>
  withAuthority(async (home, authority) => {
    const { checks, keyRotation, people } = authority
    const { id: person } = await people.create({ name: 'admin', roles: [] })
    const { secret } = await checks.add(GUARD, { person, reason: 'a test' })
    const before = keyRotation.state.current
    await keyRotation.rotate({ person, reason: 'a test' })
    await keyRotation.finish()
    assert.notEqual(keyRotation.state.current, before)
    assert.equal(await checks.usesKey(before), false)
    const { key } = (await home.reopen()).checks.open('guard')!
    assert.equal(`whsec_${Buffer.from(key).toString('base64')}`, secret)
  }))

test('a check has a name, an answer within its time, and a reason', () =>
  withAuthority(async (_home, authority) => {
    const { id: person } = await authority.people.create({ name: 'admin', roles: [] })
    const word = { person, reason: 'a test' }
    const { checks } = authority
    for (const timeoutMs of [0, 999, 30_001, 1_500.5]) {
      await assert.rejects(checks.add({ ...GUARD, timeoutMs }, word), faultOf('check.timeout'))
    }
    await assert.rejects(
      checks.add({ ...GUARD, name: 'Not a name' }, word),
      faultOf('name.invalid'),
    )
    await assert.rejects(checks.add(GUARD, { ...word, reason: ' ' }), faultOf('reason.required'))
    await assert.rejects(checks.remove('guard', word), faultOf('check.unknown'))
    assert.deepEqual(checks.list(), [])
  }))
