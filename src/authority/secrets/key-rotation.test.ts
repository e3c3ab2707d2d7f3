// Holds the tests of the rotation of keys, and of values sealed before there were envelopes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AuthorityHome, faultOf, withAuthority } from '../../../test/fakes/authority.ts'
import { base64url, utf8 } from '../../std/bytes.ts'
import { openKeyRing } from '../../keys/file.ts'
import { systemEntropy } from '../../std/entropy.ts'
import { join } from 'node:path'

const by = { person: 'per_1' }
const word = { person: 'per_1', reason: 'yearly' }

test('rotation: old values are readable throughout, end under the new key, and the old one is destroyed', () =>
  withAuthority(async (home, authority) => {
    const { secrets, keyRotation, upstreamTokens } = authority
    for (let at = 0; at < 250; at++) await secrets.put('files', `T_${at}`, `value ${at}`, by)
    const of = { system: 'crm', person: 'per_2', terms: 't' }
    await upstreamTokens.connect(of, { access: 'the token', refresh: 'more' })
    const { current: first } = keyRotation.state
    const second = await keyRotation.rotate(word)
    await assert.rejects(keyRotation.rotate(word), faultOf('secret.rotating'))
    const finishing = keyRotation.finish()
    assert.equal(secrets.find('files', 'T_7')?.value, 'value 7')
    await secrets.put('files', 'DURING', 'stored meanwhile', by)
    await finishing
    assert.deepEqual(keyRotation.state, { current: second, retired: [], running: false })
    assert.equal(secrets.find('files', 'T_249')?.value, 'value 249')
    assert.equal(await secrets.usesKey(first), false)
    // Another ring over the same folder knows the new key alone.
    const again = await home.reopen()
    assert.equal(again.secrets.find('files', 'DURING')?.value, 'stored meanwhile')
    assert.equal(again.upstreamTokens.find('crm', 'per_2', 't')?.access, 'the token')
    assert.deepEqual(home.audit.last('credential.keys_rotated').body['to'], second)
  }))

test('rotation: a crash in the middle loses nothing, and the next start finishes it', () =>
  withAuthority(async (home, authority) => {
    for (let at = 0; at < 150; at++) await authority.secrets.put('files', `T_${at}`, `v ${at}`, by)
    await authority.keyRotation.rotate(word)
    // One batch of two was written when the power went.
    let batches = 0
    home.audit.before = ({ type }) => {
      if (type === 'credential.rewrapped' && ++batches === 2) throw new Error('the power went')
    }
    await assert.rejects(authority.keyRotation.finish(), /the power went/)
    home.audit.recover()
    const rows = await home.store.secrets.all()
    const under = new Set(rows.map(({ doc }) => home.keys.envelopes.keyOf(doc.sealed)))
    assert.equal(under.size, 2)
    const keys = openKeyRing(join(home.directory, 'keys'), { entropy: systemEntropy })
    assert.equal(keys.envelopes.retired.length, 1)
    const again = await home.reopen()
    assert.equal(again.secrets.find('files', 'T_149')?.value, 'v 149')
    await again.keyRotation.finish()
    assert.deepEqual(again.keyRotation.state.retired, [])
    assert.equal(again.secrets.find('files', 'T_0')?.value, 'v 0')
  }))

test('rotation: a row that cannot be opened keeps the old key, and says so', () =>
  withAuthority(async (home, authority) => {
    await authority.secrets.put('files', 'TOKEN', 'whole', by)
    const [held] = await home.store.secrets.all()
    const receipt = await home.audit.append({ type: 'x', phase: 'admin', body: {} })
    const sealed = `${held!.doc.sealed.slice(0, -4)}AAAA`
    await home.store.secrets.replace(held!, { ...held!.doc, sealed }, receipt)
    const again = await home.reopen()
    const first = again.keyRotation.state.current
    await again.keyRotation.rotate(word)
    // The data key is wrapped anew without looking at the value, which stays what it is: changed.
    await again.keyRotation.finish()
    assert.throws(() => again.secrets.find('files', 'TOKEN'), faultOf('keys.unsealable'))
    assert.notEqual(again.keyRotation.state.current, first)
  }))

test('a value of an older home opens, and gets an envelope by and by', async () => {
  const home = new AuthorityHome()
  try {
    await home.open()
    const old = home.keys.encryption.seal(utf8('from before'), 'secret/files/TOKEN')
    const doc = {
      system: 'files',
      name: 'TOKEN',
      sealed: base64url(old),
      person: 'per_1',
      storedAt: 1,
    }
    const receipt = await home.audit.append({ type: 'x', phase: 'admin', body: {} })
    await home.store.secrets.insert(doc, receipt)
    const authority = await home.reopen()
    assert.equal(authority.secrets.find('files', 'TOKEN')?.value, 'from before')
    assert.equal(await authority.secrets.rewrap(), 1)
    const [row] = await home.store.secrets.all()
    assert.match(row!.doc.sealed, /^e1\./)
    assert.equal(authority.secrets.find('files', 'TOKEN')?.value, 'from before')
    // The same value again is no new version.
    await authority.secrets.put('files', 'TOKEN', 'from before', by)
    assert.equal(authority.secrets.get('files', 'TOKEN')?.version, 1)
  } finally {
    await home.dispose()
  }
})
