// Holds tests of the spine about attribution: what set a call off, the trace that it came in, and how long each part of it took.

import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { until } from '../../test/e2e/until.ts'
import { actor } from '../../test/fakes/ports.ts'
import { codeOf, SpineBench } from '../../test/fakes/spine.ts'
import type { Trigger } from '../wire/trigger.ts'

const bench = new SpineBench()
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const newest = (type: string) => bench.fake.records.findLast((one) => one.type === type)!
const triggers = (type = 'call.intent') =>
  (newest(type).body['trigger'] ?? []) as unknown as readonly Trigger[]

beforeEach(() => bench.pin('2025-11-25'))

test('a call is set off by the answer that the instance was given before, as we saw it', async () => {
  await bench.govern('echo', { text: 'one' })
  assert.deepEqual(triggers(), [])
  const { call } = newest('call.intent')
  await bench.govern('echo', { text: 'two' })
  assert.deepEqual(triggers(), [{ by: 'tool', how: 'observed', call }])
})

test('a denial names what set the call off as well, and sets off nothing itself', async () => {
  await bench.govern('echo', { text: 'one' })
  const { call } = newest('call.intent')
  bench.fake.answers = { echo: 'deny' }
  await bench.govern('echo', { text: 'two' })
  assert.deepEqual(triggers('call.denied'), [{ by: 'tool', how: 'observed', call }])
  bench.fake.answers = {}
  await bench.govern('echo', { text: 'three' })
  assert.deepEqual(triggers(), [{ by: 'tool', how: 'observed', call }])
})

test('a task that a person signed attests them, and a delegation says which agent it was', async () => {
  const scope = { scope: [], scopeDigest: 'x', budget: {} }
  const task = { id: 't', intent: 'x', person: 'p', endsAt: 0, signedBy: 'kid-1', ...scope }
  const above = { delegation: 'd-1', instance: 'i-0', agent: 'lead', roles: [], owner: 'p' }
  const delegation = { id: 'd-2', person: 'p', personRoles: [] }
  bench.fake.actors.set('cert-a', { ...actor(), task, chain: [above], delegation })
  await bench.govern('echo', { text: 'one' })
  assert.deepEqual(triggers(), [
    { by: 'person', how: 'attested', task: 't', key: 'kid-1' },
    { by: 'agent', how: 'observed', agent: 'lead', instance: 'i-0', delegation: 'd-2' },
  ])
  const { body, task: of } = newest('call.intent')
  assert.equal(of, 't')
  assert.deepEqual(
    [body['chain'], body['delegators'], body['lineage'], body['delegation']],
    [['d-1'], ['i-0'], ['lead'], 'd-2'],
  )
})

test('what comes back in the trace of a call of ours was set off by it', async () => {
  bench.fake.setOffBy.set(TRACE, 'call-0')
  const trace = { trace: TRACE, span: '00f067aa0ba902b7', sampled: false }
  await bench.govern('echo', { text: 'one' }, { trace })
  assert.deepEqual(triggers(), [{ by: 'system', how: 'observed', call: 'call-0' }])
})

test('a trace is continued with a span of our own, and the records say whose word its beginning is', async () => {
  const trace = { trace: TRACE, span: 'aaaaaaaaaaaaaaaa', sampled: true }
  await bench.govern('echo', { text: 'one' }, { trace })
  const intent = newest('call.intent')
  assert.equal(intent.trace, TRACE)
  assert.deepEqual(intent.body['span'], {
    id: '00f067aa0ba902b7',
    parent: 'aaaaaaaaaaaaaaaa',
    claimed: true,
    sampled: true,
  })
  const outcome = newest('call.outcome')
  assert.equal(outcome.trace, TRACE)
  assert.deepEqual(outcome.body['span'], { id: '00f067aa0ba902b7' })
})

test('the records say by which program, what came back, and how long each part took', async () => {
  await bench.govern(
    'echo',
    { text: 'one' },
    {
      protocol: 'mcp 2025-11-25',
      session: 's',
      said: { client: 'code/1', model: 'm', request: '7' },
    },
  )
  const { body } = newest('call.intent')
  assert.equal(body['protocol'], 'mcp 2025-11-25')
  assert.equal(body['session'], 's')
  assert.deepEqual(body['claimed'], { client: 'code/1', model: 'm', request: '7' })
  assert.deepEqual(body['upstream'], { kind: 'stdio', transport: 'pipe' })
  assert.ok(typeof body['spiffe_id'] === 'string' && body['spiffe_id'].startsWith('spiffe:'))
  const { result, result_bytes: bytes, timings } = newest('call.outcome').body
  assert.equal(typeof result, 'string')
  assert.ok(typeof bytes === 'number' && bytes > 0)
  const parts = timings as Readonly<Record<string, number>>
  const names = ['decide_us', 'record_us', 'equip_us', 'upstream_us', 'inspect_us', 'total_us']
  assert.deepEqual(Object.keys(parts).sort(), [...names].sort())
  for (const us of Object.values(parts)) assert.ok(Number.isSafeInteger(us) && us >= 0)
  const sum = names.slice(0, -1).reduce((all, name) => all + parts[name]!, 0)
  assert.ok(sum <= parts['total_us']! + names.length)
})

test('a held call says how long it waited, apart from how long it was decided on', async () => {
  bench.fake.answers = { echo: 'hold' }
  const waiting = bench.govern('echo', { text: 'x' })
  await until('it waits', () => bench.fake.approvals.asked.length === 1)
  bench.fake.approvals.set('approval-1', 'denied')
  assert.equal(codeOf(await waiting), 'approval.denied')
  const parts = newest('call.denied').body['timings'] as Readonly<Record<string, number>>
  assert.ok(Object.keys(parts).includes('wait_us'))
})
