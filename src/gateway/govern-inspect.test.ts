// Holds tests of the spine about answers: what policy asks of them, what is recorded, and what the lineage takes up.

import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { codeOf, SpineBench, textOf } from '../../test/fakes/spine.ts'
import { CUT } from './inspect/span.ts'

const bench = new SpineBench()
const body = () => bench.fake.records.findLast((one) => one.type === 'call.outcome')!.body

beforeEach(() => bench.pin('2025-11-25'))

test('what policy obliges to take out is taken out, and counted in the outcome without a word of it', async () => {
  bench.fake.obligations = { redact: ['email'] }
  const answer = await bench.govern('echo', { text: 'ask ann@corp.example' })
  assert.equal(textOf(answer), 'ask [email removed by bailiwick]')
  assert.deepEqual(body()['inspected'], { email: 1 })
  assert.equal(body()['labels'], undefined)
  assert.equal(JSON.stringify(bench.fake.records).includes('ann@'), false)
})

test('INV-11 what is found and passed on is a label of the lineage, in its history and in the outcome', async () => {
  bench.fake.obligations = { find: ['email'], labels: ['untrusted'] }
  await bench.govern('echo', { text: 'ask ann@corp.example' })
  assert.deepEqual(body()['labels'], ['pii', 'untrusted'])
  assert.ok(bench.fake.history.told.includes('labelled pii untrusted'))
})

test('labels that the action has are taken up with the intent, and not told again', async () => {
  const system = bench.fake.systems.get('fake')!
  const actions = system.actions.map((one) => ({ ...one, labels: ['crm'] }))
  bench.fake.systems.set('fake', { ...system, actions })
  await bench.govern('echo', { text: 'plain' })
  assert.equal(body()['labels'], undefined)
})

test('INV-10 an answer that policy refuses is a denial with a code, and on record as done', async () => {
  bench.fake.obligations = { refuse: ['card'], labels: ['untrusted'] }
  const answer = await bench.govern('echo', { text: '4111 1111 1111 1111' })
  assert.equal(codeOf(answer), 'inspect.refused')
  const { code, executed, status } = body()
  assert.deepEqual([code, executed, status], ['inspect.refused', 'yes', 'withheld'])
  assert.equal(JSON.stringify(answer).includes('4111'), false)
})

test('a result that does not fit its output schema is withheld', async () => {
  const system = bench.fake.systems.get('fake')!
  const outputSchema = { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } }
  const actions = system.actions.map((one) => ({ ...one, outputSchema }))
  bench.fake.systems.set('fake', { ...system, actions })
  const answer = await bench.govern('echo', { text: 'x' })
  assert.equal(codeOf(answer), 'inspect.bad_schema')
  assert.equal(body()['status'], 'withheld')
})

test('the intent says what was asked of the answer', async () => {
  bench.fake.obligations = { links: [['docs.example.com']], maxBytes: 100 }
  await bench.govern('echo', { text: 'see https://evil.test/x' })
  const intent = bench.fake.records.findLast((one) => one.type === 'call.intent')!
  const { obligations } = intent.body['decision'] as { obligations: unknown }
  assert.deepEqual(obligations, { links: [['docs.example.com']], max_bytes: 100 })
  assert.deepEqual(body()['inspected'], { links: 1 })
})

test('INV-3 what an upstream says in an error is looked at like a result', async () => {
  bench.fake.secrets = { TOKEN: 'hunter2-Secret' }
  await bench.pin('2025-11-25', ['TOKEN'])
  const answer = await bench.govern('refuse')
  assert.ok(answer.kind === 'done' && answer.value.kind === 'error')
  assert.equal(answer.value.error.message, `no, ${CUT}`)
})
