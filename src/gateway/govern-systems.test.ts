// Holds tests of the spine about systems themselves: described ones, isolated ones, and what calls of them set off.

import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { codeOf, SpineBench, textOf } from '../../test/fakes/spine.ts'
import { traceIdOf } from '../wire/trace.ts'

const bench = new SpineBench()
beforeEach(() => bench.pin('2025-11-25'))

test('a system that is described is denied before anything of it could start', async () => {
  const described = { kind: 'external', source: 'openapi', document: 'sha256:x' } as const
  const system = bench.fake.systems.get('fake')!
  bench.fake.systems.set('fake', { ...system, transport: described })
  assert.equal(codeOf(await bench.govern('echo', { text: 'x' })), 'resolve.external')
  assert.equal(bench.gateway.pool.size, 0)
  assert.deepEqual(bench.types, ['call.denied'])
})

test('INV-2 every call of an isolated system is denied, and a lock still says more than that', async () => {
  bench.fake.isolated = { fake: 'the policies do not hold with it' }
  assert.equal(codeOf(await bench.govern('echo', { text: 'x' })), 'policy.isolated')
  assert.deepEqual(bench.fake.decisions, [], 'policy is not asked')
  bench.fake.lock({ id: 'lock-1', reason: 'testing', target: 'everything' })
  assert.equal(codeOf(await bench.govern('echo', { text: 'x' })), 'admit.locked')
})

test('what a call would set off is decided with it', async () => {
  bench.fake.setOff.set('fake/echo', { triggers: ['crm/sync'], triggered: ['external'] })
  await bench.govern('echo', { text: 'x' })
  const { triggers, triggered } = bench.fake.decisions[0]!
  assert.deepEqual([triggers, triggered], [['crm/sync'], ['external']])
})

test('every call goes out in a trace of ours, which its answer does not tell the agent', async () => {
  const answer = await bench.govern('traced')
  const trace = traceIdOf(textOf(answer))
  assert.equal(trace, '1'.padStart(32, '0'))
  assert.deepEqual(bench.fake.sent, ['fake/traced'])
  assert.deepEqual(bench.fake.arrived, [`${trace} fake/traced`])
  assert.ok(answer.kind === 'done' && answer.value.kind === 'result')
  assert.deepEqual({ ...(answer.value.result['_meta'] as object) }, { kept: 'yes' })
})

test('the trace that a call came in is told once it is known what was called, and never for what is not pinned', async () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  const came = { trace, span: '00f067aa0ba902b7', sampled: true }
  await bench.govern('echo', { text: 'x' }, { trace: came })
  assert.deepEqual(bench.fake.arrived, [`${trace} fake/echo`])
  await bench.govern('no-such-action', {}, { trace: came })
  assert.equal(bench.fake.arrived.length, 1)
})
