// Holds the tests of erasing: what is gone, what stays, what a crash and an older database make of it, and who is held.

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { AuthorityHome } from '../../../test/fakes/authority.ts'
import { saltedCommitment } from '../../audit/side/confide.ts'
import { Fault } from '../../std/fault.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Authority } from '../open.ts'
import { replayErasures } from './erasure-replay.ts'
import { withoutWords } from './words.ts'

const BECAUSE = { basis: 'gdpr-17', reason: 'she asked' }

async function opened(t: TestContext) {
  const home = new AuthorityHome()
  t.after(() => home.dispose())
  const authority = await home.open()
  const { people } = authority
  const ada = await people.create({ name: 'ada', roles: ['administrator'] })
  const bob = await people.create({ name: 'bob', roles: [] })
  return { home, authority, ada: ada.id, bob: bob.id }
}

/** Has a record say something of a person, as the log does it: the draft that would be sealed. */
async function said(authority: Authority, person: string, reason: string): Promise<JsonObject> {
  const draft = {
    type: 'person.changed',
    phase: 'admin',
    person,
    body: { changed: person, reason },
  }
  const confided = await authority.confider.confide({ ...draft, phase: 'admin' })
  return confided!.body
}

function commitmentOf(body: JsonObject): string {
  return (body['reason'] as { commitment: string }).commitment
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'nothing',
    (error: unknown) => (error instanceof Fault ? error.code : String(error)),
  )
}

test('words stand beside the log until their person is erased, and nobody can say them afterwards', async (t) => {
  const { home, authority, ada, bob } = await opened(t)
  const { confider, erasure, subjects } = authority
  const his = commitmentOf(await said(authority, bob, 'bob was ill'))
  const hers = commitmentOf(await said(authority, ada, 'ada changed'))
  assert.deepEqual(Object.fromEntries(await confider.words([his, hers])), {
    [his]: 'bob was ill',
    [hers]: 'ada changed',
  })
  const mac = subjects.macOf(bob)!('{"to":"carol"}')
  const done = await erasure.erase({ person: 'bob', ...BECAUSE }, ada)
  assert.equal(done.counts['payloads'], 1)
  assert.deepEqual([...(await confider.words([his, hers])).keys()], [hers])
  assert.deepEqual(await home.store.payloads.all({ subject: bob }), [])
  // He is still here: the next key is another one, so that what was committed to before is linked to nothing.
  assert.deepEqual([subjects.get(bob)?.state, subjects.get(bob)?.epoch], ['active', 2])
  assert.notEqual(subjects.macOf(bob)!('{"to":"carol"}'), mac)
})

test('the record says that, on what basis and how much, and never what', async (t) => {
  const { home, authority, ada, bob } = await opened(t)
  await said(authority, bob, 'bob was ill')
  await authority.erasure.erase({ person: bob, ...BECAUSE }, ada)
  const [begun, done] = home.audit.recorded.slice(-2).map(({ draft }) => draft)
  assert.deepEqual([begun?.type, begun?.person], ['erasure.begun', ada])
  assert.equal(begun?.body['subject'], bob)
  assert.deepEqual(done?.body, {
    erasure: begun?.body['erasure'],
    subject: bob,
    basis: 'gdpr-17',
    scope: 'everything',
    epoch: 2,
    counts: { payloads: 1, rows: 0, held_calls: 0, consents: 0 },
  })
})

test('the key of who was erased stands in no file of the home, not even wrapped', async (t) => {
  const { home, authority, ada, bob } = await opened(t)
  const { key } = authority.subjects.get(bob)!
  const wrapped = key.split('.').slice(2)
  const rows = await home.rows
  const before = await rows.text()
  for (const part of wrapped) assert.ok(before.includes(part), 'it is there before')
  await authority.erasure.erase({ person: bob, ...BECAUSE }, ada)
  const after = await rows.text()
  for (const part of wrapped) assert.ok(!after.includes(part), 'and nowhere afterwards')
})

test('who has left loses the name, and the id stays what the record names', async (t) => {
  const { authority, ada, bob } = await opened(t)
  await authority.people.leave('bob', { person: ada, reason: 'moved on' })
  await authority.erasure.erase({ person: 'bob', ...BECAUSE }, ada)
  const { name, state } = authority.people.known(bob)!
  assert.deepEqual([name, state], [`erased-${bob.slice(-12)}`, 'left'])
  assert.equal(authority.subjects.get(bob)?.state, 'erased')
  // What is said of him from here on is nobody's, and under no key of his.
  assert.equal(await codeOf(authority.subjects.ready(bob)), 'side.erased')
  const body = await said(authority, bob, 'an afterthought')
  assert.equal((await authority.confider.words([commitmentOf(body)])).size, 1)
})

test('an erasure that a crash interrupted is completed by the next start, once', async (t) => {
  for (const crash of ['before anything was destroyed', 'before it was said to be done']) {
    const { home, authority, ada, bob } = await opened(t)
    const his = commitmentOf(await said(authority, bob, 'bob was ill'))
    if (crash === 'before anything was destroyed') {
      // All that is left of it then is what the log says.
      const body = { erasure: 'e', subject: bob, basis: 'gdpr-17', scope: 'everything' }
      await home.audit.append({ type: 'erasure.begun', phase: 'admin', person: ada, body })
    } else {
      home.audit.before = ({ type }) => {
        if (type === 'erasure.done')
          throw new Fault('audit.unavailable', { status: 503, next: 'wait' }, 'no')
      }
      const broken = authority.erasure.erase({ person: 'bob', ...BECAUSE }, ada)
      assert.equal(await codeOf(broken), 'audit.unavailable')
      home.audit.recover()
    }
    const again = await home.reopen()
    const { erasure, subjects } = again
    assert.equal(await replayErasures(home.audit, erasure, subjects), 1)
    assert.equal((await again.confider.words([his])).size, 0)
    const done = home.audit.recorded.filter(({ draft }) => draft.type === 'erasure.done')
    assert.equal(done.length, 1)
    assert.equal(await replayErasures(home.audit, erasure, subjects), 0, 'nothing is left to do')
    assert.equal((await erasure.erase({ person: bob, ...BECAUSE }, ada)).counts['payloads'], 0)
  }
})

test('INV-13 a database from before an erasure is erased again when it is put back', async (t) => {
  const { home, authority, ada, bob } = await opened(t)
  const his = commitmentOf(await said(authority, bob, 'bob was ill'))
  await home.store.scrub()
  const putBack = await (await home.rows).keep()
  await authority.erasure.erase({ person: 'bob', ...BECAUSE }, ada)
  await home.store.close()
  await putBack()
  const again = await home.open()
  assert.equal((await again.confider.words([his])).size, 1, 'the backup has it back')
  assert.equal(await replayErasures(home.audit, again.erasure, again.subjects), 1)
  assert.equal((await again.confider.words([his])).size, 0)
  assert.equal(await replayErasures(home.audit, again.erasure, again.subjects), 0)
})

test('who is held is not erased until the hold is released; nobody erases themselves', async (t) => {
  const { authority, ada, bob } = await opened(t)
  const { erasure, subjects } = authority
  const word = { person: ada, reason: 'a case before court' }
  await erasure.hold('bob', word)
  assert.equal(await codeOf(erasure.erase({ person: bob, ...BECAUSE }, ada)), 'erasure.held')
  assert.equal(await codeOf(erasure.look({ person: bob, basis: 'gdpr-17' })), 'erasure.held')
  await erasure.release('bob', word)
  assert.equal(subjects.get(bob)?.hold, undefined)
  assert.equal(await codeOf(erasure.release('bob', word)), 'erasure.not_held')
  assert.equal(await codeOf(erasure.erase({ person: bob, ...BECAUSE }, ada)), 'nothing')
  assert.equal(await codeOf(erasure.erase({ person: ada, ...BECAUSE }, ada)), 'erasure.own')
  assert.equal(
    await codeOf(erasure.erase({ person: bob, basis: 'a b', reason: 'x' }, ada)),
    'erasure.basis',
  )
})

test('before a date only what is older goes, and the key stays', async (t) => {
  const { home, authority, ada, bob } = await opened(t)
  const { confider, erasure, subjects } = authority
  const old = commitmentOf(await said(authority, bob, 'long ago'))
  home.clock.advance(86_400_000)
  const young = commitmentOf(await said(authority, bob, 'just now'))
  const before = home.clock.now() - 1_000
  assert.deepEqual((await erasure.look({ person: bob, basis: 'retention', before })).counts, {
    payloads: 1,
  })
  await erasure.erase({ person: bob, basis: 'retention', reason: 'old', before }, ada)
  assert.deepEqual([...(await confider.words([old, young])).keys()], [young])
  assert.equal(subjects.get(bob)?.epoch, 1)
  const later = home.clock.now() + 60_000
  const ask = { person: bob, basis: 'retention', reason: 'old', before: later }
  assert.equal(await codeOf(erasure.erase(ask, ada)), 'erasure.before')
})

test('a guess at what a leaf commits to cannot be checked without its salt', async (t) => {
  const { authority, bob } = await opened(t)
  const commitment = commitmentOf(await said(authority, bob, 'yes'))
  assert.notEqual(commitment, saltedCommitment(new Uint8Array(0), 'yes'))
  assert.notEqual(commitment, saltedCommitment(new Uint8Array(32), 'yes'))
  assert.notEqual(commitment, commitmentOf(await said(authority, bob, 'yes')))
})

test('rows that are over lose the words of the erased, and nobody else’s', () => {
  const row = {
    id: '1',
    task: { id: 't', intent: 'call bob’s doctor' },
    delegation: { id: 'd', person: 'per_bob' },
    reason: 'policy says so',
    agreements: [
      { person: 'per_ada', reason: 'fine' },
      { person: 'per_bob', reason: 'mine' },
    ],
  }
  assert.deepEqual(withoutWords(row, 'per_bob'), {
    ...row,
    task: { id: 't', intent: '' },
    agreements: [
      { person: 'per_ada', reason: 'fine' },
      { person: 'per_bob', reason: '' },
    ],
  })
  assert.deepEqual(withoutWords(row, 'per_carol'), row)
})
