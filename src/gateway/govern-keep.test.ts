// Holds tests of the spine about keeping: what policy asks to be kept, as the agent was given it, and said honestly in the outcome.

import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { SpineBench } from '../../test/fakes/spine.ts'

const bench = new SpineBench()
const body = () => bench.fake.records.findLast((one) => one.type === 'call.outcome')!.body

beforeEach(() => bench.pin('2025-11-25'))

test('nothing is kept unless a permit asks for it', async () => {
  await bench.govern('echo', { text: 'plain' })
  assert.deepEqual(bench.fake.payloads, [])
  assert.equal(body()['kept'], undefined)
})

test('INV-3 arguments are kept as they were decided, results as the agent was given them', async () => {
  bench.fake.obligations = { keep: ['arguments', 'result'], keepDays: 7, redact: ['email'] }
  await bench.govern('echo', { text: 'ask ann@corp.example' })
  const [sent, given] = bench.fake.payloads
  assert.deepEqual([sent?.kind, sent?.text], ['arguments', '{"text":"ask ann@corp.example"}'])
  assert.equal(given?.kind, 'result')
  assert.match(given.text, /email removed by bailiwick/)
  assert.ok(!given.text.includes('ann@'))
  assert.deepEqual([sent?.days, given.days], [7, 7])
  assert.equal(sent?.leaf, given.leaf)
  assert.deepEqual(body()['kept'], { arguments: true, result: true })
})

test('what there is no room for is said not to be kept, and the call goes on', async () => {
  bench.fake.obligations = { keep: ['arguments'] }
  bench.fake.keepsNothing = true
  const answer = await bench.govern('echo', { text: 'plain' })
  assert.equal(answer.kind, 'done')
  assert.deepEqual(body()['kept'], { arguments: false })
})

test('the record of a call has no word of the person who denied it or locked it', async () => {
  bench.fake.lock({ id: 'l', target: 'agent a', reason: 'ann is ill' })
  await bench.govern('echo', { text: 'plain' })
  const denied = bench.fake.records.findLast((one) => one.type === 'call.denied')!
  assert.equal(denied.body['reason'], 'a lock stops it')
  assert.equal(denied.body['because'], 'lock l')
})
