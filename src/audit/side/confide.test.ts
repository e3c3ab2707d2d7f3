// Holds the tests of confiding: which words leave a record, that they are kept first, and that calls are left alone.

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { AuthorityHome } from '../../../test/fakes/authority.ts'
import type { Store } from '../../store/open.ts'
import { systemEntropy } from '../../std/entropy.ts'
import type { JsonObject } from '../../std/json.ts'
import type { RecordDraft } from '../../wire/record.ts'
import { Confider } from './confide.ts'
import { commitmentIn, confidedIn } from './words.ts'

const PERSON = 'per_00000000-0000-7000-8000-000000000001'

function draft(body: JsonObject, more: Partial<RecordDraft> = {}): RecordDraft {
  return { type: 'agent.suspended', phase: 'admin', person: PERSON, body, ...more }
}

async function home(t: TestContext) {
  const one = new AuthorityHome()
  t.after(() => one.dispose())
  return { one, authority: await one.open() }
}

test('records of calls are never touched: what they say comes from policies', () => {
  for (const phase of ['intent', 'outcome', 'decision'] as const) {
    assert.equal(
      confidedIn(draft({ reason: 'policy x' }, { phase, type: 'call.denied' })),
      undefined,
    )
  }
  assert.equal(confidedIn(draft({ iseq: 1 }, { type: 'heartbeat', phase: 'lifecycle' })), undefined)
  assert.equal(confidedIn(draft({ reason: '' })), undefined)
})

test('what people write is confided in whatever record it stands, a new one too', () => {
  const found = confidedIn(draft({ reason: 'r', purpose: 'p', state: 's' }, { type: 'thing.new' }))
  assert.deepEqual(found?.words, ['reason', 'purpose'])
  assert.equal(found?.person, PERSON)
  const attested = {
    selectors: ['unix:user:alice'],
    subject: 'alice@example.com',
    attestor: 'unix',
  }
  const enrolled = confidedIn(draft(attested, { type: 'instance.enrolled', phase: 'lifecycle' }))
  assert.deepEqual([enrolled?.words, enrolled?.names], [['selectors'], ['subject']])
})

test('words about a person are that person’s, whoever wrote them', () => {
  const about = 'per_00000000-0000-7000-8000-000000000002'
  const left = draft({ left: about, reason: 'r' }, { type: 'person.left' })
  assert.equal(confidedIn(left)?.person, about)
  const lock = draft({ kind: 'person', name: about, reason: 'r' }, { type: 'lock.added' })
  assert.equal(confidedIn(lock)?.person, about)
  const other = draft({ kind: 'agent', name: 'bot', reason: 'r' }, { type: 'lock.added' })
  assert.equal(confidedIn(other)?.person, PERSON)
})

test('words are durable before the record is, and where they cannot be, there is no record', async (t) => {
  const { one, authority } = await home(t)
  const { id } = await authority.people.create({ name: 'ada', roles: [] })
  const broken: Pick<Store, 'payloads' | 'atomically'> = {
    payloads: one.store.payloads,
    atomically: () => Promise.reject(new Error('the disk is full')),
  }
  const parts = { subjects: authority.subjects, clock: one.clock, entropy: systemEntropy }
  const confider = new Confider({ ...parts, store: broken })
  await assert.rejects(confider.confide(draft({ reason: 'r' }, { person: id }))!, /disk is full/)
  const whole = new Confider({ ...parts, store: one.store })
  const confided = await whole.confide(draft({ reason: 'r', agent: 'bot' }, { person: id }))!
  const commitment = commitmentIn(confided.body['reason'])!
  assert.deepEqual((await one.store.payloads.get(commitment))?.doc.subject, id)
  assert.equal(confided.body['agent'], 'bot')
  assert.ok(!JSON.stringify(await one.store.payloads.all()).includes('"r"'))
})

test('a row that says something else than its record is nothing that was said', async (t) => {
  const { one, authority } = await home(t)
  const { id } = await authority.people.create({ name: 'ada', roles: [] })
  const said = async (reason: string): Promise<string> => {
    const confided = await authority.confider.confide(draft({ reason }, { person: id }))
    return commitmentIn(confided!.body['reason'])!
  }
  const [yes, no] = [await said('yes'), await said('no')]
  const [first, second] = [await one.store.payloads.get(yes), await one.store.payloads.get(no)]
  const swapped = { ...first!.doc, sealed: second!.doc.sealed }
  await one.store.payloads.replace(first!, swapped, { id: '', leaf: 'A'.repeat(43), ts: '' })
  assert.deepEqual([...(await authority.confider.words([yes, no]))], [[no, 'no']])
})

test('many words at once share transactions, and each is found again', async (t) => {
  const { authority } = await home(t)
  const reasons = Array.from({ length: 300 }, (_, at) => `reason ${at}`)
  const drafts = await Promise.all(
    reasons.map(async (reason) => {
      const { person: _person, ...anybody } = draft({ reason })
      return authority.confider.confide(anybody)
    }),
  )
  const commitments = drafts.map((one) => commitmentIn(one!.body['reason'])!)
  const words = await authority.confider.words(commitments)
  assert.deepEqual(
    commitments.map((commitment) => words.get(commitment)),
    reasons,
  )
})
