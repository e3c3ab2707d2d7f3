// Holds the tests of stories: of a call, of the tree of a task, and of a stretch of time with its gaps.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeStoryLog } from '../../../test/fakes/story-log.ts'
import type { JsonObject } from '../../std/json.ts'
import type { ControlPorts } from '../ports.ts'
import { replayed } from './replay.ts'
import { callStory } from './story.ts'
import { traceOf } from './trace.ts'

const TASK = '019aae6e-1000-7000-8000-0000000000aa'
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const call = (n: number): string => `019aae6e-1000-7000-8000-${String(n).padStart(12, '0')}`
const authority = {
  people: { known: (id: string) => (id === 'per_ann' ? { name: 'ann' } : undefined) },
} as unknown as ControlPorts['authority']

function log(): FakeStoryLog {
  const made = new FakeStoryLog()
  // The ids of the calls and the task name this time.
  made.now = Number.parseInt('019aae6e1000', 16)
  return made
}

/** A call of a lead, or of the agent that it handed its authority on to. */
function called(
  into: FakeStoryLog,
  n: number,
  more: { readonly sub?: boolean; readonly trigger?: JsonObject[]; readonly trace?: string } = {},
): void {
  const { sub = false, trace, trigger } = more
  const of = {
    call: call(n),
    agent: sub ? 'helper' : 'lead',
    instance: sub ? 'i-2' : 'i-1',
    person: 'per_ann',
    system: 'crm',
    action: `act_${n}`,
    ...(trace === undefined ? { task: TASK } : { trace }),
  }
  into.add({
    ...of,
    type: 'call.intent',
    phase: 'intent',
    body: {
      decision: {
        answer: 'allow',
        policy_set: 'sha256:set',
        parties: [
          { party: 'agent', principal: 'lead', answer: 'allow', policies: ['p1'], errors: [] },
        ],
      },
      reserved: { bytes: 12 },
      arguments: 'hmac-sha256:a',
      upstream: { kind: 'mcp', transport: 'tcp', address: 'crm.test' },
      ...(sub && { lineage: ['lead'], delegators: ['i-1'], chain: ['d-1'], delegation: 'd-2' }),
      ...(trigger !== undefined && { trigger }),
      ...(trace !== undefined && { span: { id: 'b'.repeat(16), parent: 'a', claimed: true } }),
    },
  })
  into.add({
    ...of,
    type: 'call.outcome',
    phase: 'outcome',
    body: { status: 'ok', duration_ms: 7, timings: { upstream_us: 5_000, total_us: 7_000 } },
  })
}

test('a call is told from who asked to what followed', async () => {
  const made = log()
  const trigger = [{ by: 'person', how: 'claimed', id: 'turn-7' }]
  called(made, 1, { sub: true, trigger })
  called(made, 2, { trigger: [{ by: 'tool', how: 'observed', call: call(1) }] })
  made.add({
    type: 'finding.raised',
    instance: 'i-2',
    agent: 'helper',
    body: { finding: 'f-1', rule: 'two-places' },
  })
  made.add({ type: 'lock.added', body: { lock: 'l-1', kind: 'agent', name: 'helper' } })
  made.add({ type: 'lock.added', body: { lock: 'l-2', kind: 'agent', name: 'other' } })
  made.firstShard = 1
  made.published = 1
  const story = callStory(authority, made, call(1), await made.byCall(call(1)))
  assert.deepEqual(story.who.person, { id: 'per_ann', name: 'ann' })
  assert.deepEqual(story.who.chain, [{ agent: 'lead', instance: 'i-1', delegation: 'd-1' }])
  assert.deepEqual(story.triggers, trigger)
  assert.equal(story.authority.task, TASK)
  assert.deepEqual(story.authority.parties[0]?.policies, ['p1'])
  assert.equal(story.decision.answer, 'allow')
  assert.deepEqual(story.sent?.upstream, { kind: 'mcp', transport: 'tcp', address: 'crm.test' })
  assert.equal(story.came_back?.status, 'ok')
  assert.deepEqual(story.timings, { upstream_us: 5_000, total_us: 7_000 })
  assert.deepEqual(
    story.followed.items.map(({ id, kind, why }) => [kind, id, why]),
    [
      ['call', call(2), 'tool, observed'],
      ['finding', 'f-1', 'about the same instance'],
      ['lock', 'l-1', 'on who called'],
    ],
  )
  assert.deepEqual(
    story.proof.map(({ leaf_index: at, published, shard }) => [shard, at, published]),
    [
      ['2026h2', 0, true],
      ['2027h1', 0, false],
    ],
  )
})

test('a held call names who said what, and a denied one why', async () => {
  const made = log()
  const of = { call: call(1), agent: 'lead', instance: 'i-1', person: 'per_ann' }
  made.add({
    ...of,
    type: 'approval.requested',
    body: { approval: 'a-1', gates: [{ name: 'finance', policy: 'p' }] },
  })
  made.add({ ...of, type: 'approval.denied', person: 'per_bob' })
  const body = { code: 'approval.denied', reason: 'a person denied this call' }
  made.add({ ...of, type: 'call.denied', body })
  const story = callStory(authority, made, call(1), await made.byCall(call(1)))
  assert.deepEqual(story.approval?.gates, ['finance'])
  assert.deepEqual(
    story.approval.said.map(({ person, what }) => [what, person]),
    [['denied', { id: 'per_bob', name: null }]],
  )
  assert.deepEqual(
    [story.decision.answer, story.decision.code, story.decision.reason],
    ['deny', body.code, body.reason],
  )
  assert.equal(story.sent, null)
})

test('records of any form make a story without a throw', async () => {
  const made = log()
  const odd: JsonObject = { trigger: 7, decision: [], span: 'x', timings: { a: 'b' }, lineage: {} }
  made.add({ type: 'call.intent', call: call(1), body: odd })
  made.add({ type: 'call.outcome', call: call(1), body: odd })
  const story = callStory(authority, made, call(1), await made.byCall(call(1)))
  assert.deepEqual([story.triggers, story.timings, story.who.chain], [[], {}, []])
})

test('a task is the tree of the instances that worked on it, each below the one that it had its authority from', async () => {
  const made = log()
  made.add({ type: 'task.opened', person: 'per_ann', body: { task: TASK } })
  called(made, 1)
  called(made, 2, { sub: true })
  called(made, 3, { trigger: [{ by: 'system', how: 'observed', call: call(1) }] })
  made.add({ type: 'call.intent', call: call(9), instance: 'i-9', agent: 'other', task: 'another' })
  made.add({ type: 'task.closed', body: { task: TASK } })
  for (const id of [TASK, call(2)]) {
    const tree = await traceOf(authority, { log: made, search: made }, id, 0)
    assert.deepEqual(
      tree.nodes.map(({ id: of, kind, parent }) => [kind, of, parent]),
      [
        ['task', TASK, null],
        ['instance', 'i-1', TASK],
        ['call', call(1), 'i-1'],
        ['call', call(3), call(1)],
        ['instance', 'i-2', 'i-1'],
        ['call', call(2), 'i-2'],
      ],
      id,
    )
    assert.deepEqual([tree.nodes[0]?.who, tree.nodes[0]?.what], ['ann', 'closed'])
    assert.equal(tree.complete, true)
  }
})

test('a trace holds what named it, marked as the word of who did; what the log does not hold is not found', async () => {
  const made = log()
  called(made, 1, { trace: TRACE })
  called(made, 2)
  const tree = await traceOf(authority, { log: made, search: made }, TRACE, 0)
  const calls = tree.nodes.filter(({ kind }) => kind === 'call')
  assert.deepEqual(
    calls.map(({ claimed, id }) => [id, claimed]),
    [[call(1), true]],
  )
  await assert.rejects(traceOf(authority, { log: made, search: made }, '0'.repeat(31) + '1', 0), {
    code: 'audit.not_found',
  })
  await assert.rejects(traceOf(authority, { log: made, search: made }, call(77), 0), {
    code: 'audit.not_found',
  })
})

test('a task is found whole however old it is and however much came between, also by a search that is behind or away', async () => {
  const made = log()
  made.add({ type: 'task.opened', person: 'per_ann', body: { task: TASK } })
  called(made, 1)
  for (let i = 0; i < 60_000; i++) made.add({ type: 'heartbeat' }, 0)
  called(made, 2, { sub: true })
  const callsOf = async () => {
    const { nodes, complete } = await traceOf(authority, { log: made, search: made }, TASK, 0)
    const calls = nodes.filter(({ kind }) => kind === 'call').map(({ id }) => id)
    return { calls, complete }
  }
  assert.deepEqual(await callsOf(), { calls: [call(1), call(2)], complete: true })
  // Behind: what it has not taken up is looked through.
  made.searched = 30_000
  assert.deepEqual(await callsOf(), { calls: [call(1), call(2)], complete: true })
  // Away: as far as one question may read, and it says so.
  made.searched = undefined
  assert.deepEqual(await callsOf(), { calls: [call(1)], complete: false })
})

test('a replay goes page by page in the order of the log, filtered, and shows every gap', async () => {
  const made = log()
  const from = made.now
  made.add({ type: 'gateway.start' })
  called(made, 1)
  made.skip()
  called(made, 2, { sub: true })
  made.add({ type: 'heartbeat' }, 60_000)
  made.add({ type: 'heartbeat' }, 60_000)
  made.add({ type: 'lock.added', agent: 'helper' }, 200_000)
  made.add({ type: 'gateway.stop' })
  made.restart()
  made.add({ type: 'gateway.start' }, 5_000)
  made.restart()
  made.add({ type: 'gateway.start' }, 5_000)
  const lines: string[] = []
  let cursor: number | undefined
  do {
    const ask = { from, to: made.now, limit: 2, ...(cursor !== undefined && { cursor }) }
    const page = await replayed(made, ask)
    for (const line of page.lines) {
      lines.push(line.kind === 'gap' ? `gap ${line.gap.why}` : line.one.record.type)
    }
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  assert.deepEqual(lines, [
    'gateway.start',
    'call.intent',
    'call.outcome',
    'gap missing',
    'call.intent',
    'call.outcome',
    'gap silent',
    'lock.added',
    'gateway.stop',
    'gap stopped',
    'gateway.start',
    'gap ended',
    'gateway.start',
  ])
  const helper = await replayed(made, { from, to: made.now, limit: 100, agent: 'helper' })
  const types = helper.lines.flatMap((line) => (line.kind === 'gap' ? [] : [line.one.record.type]))
  assert.deepEqual(types, ['call.intent', 'call.outcome', 'lock.added'])
  const part = await replayed(made, { from: from + 25, to: from + 45, limit: 100 })
  assert.equal(part.lines.length, 3)
})
