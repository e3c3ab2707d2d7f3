// Holds the tests of OCSF events: every class has what its definition in the schema requires.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { AuditRecord, RecordDraft } from '../../wire/record.ts'
import { cefLine } from './cef.ts'
import { ocsfEvent } from './ocsf.ts'
import { otlpLogs, otlpTraces } from './otlp.ts'
import type { ExportEvent } from './sink.ts'

function event(draft: Partial<RecordDraft>): ExportEvent {
  const record = {
    type: 'test.made',
    phase: 'admin',
    body: {},
    ...draft,
    v: 2,
    id: '019ac000-0000-7000-8000-000000000001',
    nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
    ts: '2026-11-23T10:00:00.000Z',
    gateway: 'gateway-1',
    boot: '019ac000-0000-7000-8000-000000000002',
    iseq: 7,
  } as AuditRecord
  return { index: 41, leaf: 'L'.repeat(43), origin: 'test/log/2026h2', record }
}

const CALL = {
  call: '019ac000-0000-7000-8000-0000000000ca',
  agent: 'billing',
  instance: 'i-1',
  person: 'per_1',
  system: 'stripe',
  action: 'create_refund',
  trace: '4bf92f3577b34da6a3ce929d0e0e4736',
} as const
const DECISION = {
  answer: 'allow',
  policy_set: 'sha256:set',
  parties: [{ party: 'agent', policies: ['refunds'] }],
}

const EVENTS: Readonly<Record<string, ExportEvent>> = {
  intent: event({
    ...CALL,
    type: 'call.intent',
    phase: 'intent',
    body: { effects: ['write'], decision: DECISION, credential: 'c-1', approval: 'a' },
  }),
  outcome: event({
    ...CALL,
    type: 'call.outcome',
    phase: 'outcome',
    body: {
      status: 'tool_error',
      duration_ms: 12,
      span: { id: '00f067aa0ba902b7', parent: '53995c3f42cd8ad8' },
      timings: { total_us: 12_500 },
    },
  }),
  denied: event({
    ...CALL,
    type: 'call.denied',
    phase: 'decision',
    body: {
      code: 'policy.denied',
      reason: 'no policy permits it',
      span: { id: '00f067aa0ba902b8' },
    },
  }),
  finding: event({
    type: 'finding.raised',
    body: { rule: 'token-replay', severity: 'high', finding: 'f' },
  }),
  closed: event({ type: 'finding.closed', person: 'per_1', body: {} }),
  session: event({ type: 'session.opened', person: 'per_1' }),
  refusals: event({ type: 'refusals.unauthenticated', phase: 'decision', body: { total: 12 } }),
  start: event({ type: 'gateway.start', phase: 'lifecycle' }),
  heartbeat: event({ type: 'heartbeat', phase: 'lifecycle' }),
  rotate: event({ type: 'log.shard_closed', phase: 'lifecycle' }),
  read: event({ type: 'audit.read', person: 'per_1' }),
  lock: event({ type: 'lock.added', person: 'per_1', body: { lock: 'l-1' } }),
  agent: event({ type: 'agent.registered', agent: 'billing', person: 'per_1' }),
  approval: event({ type: 'approval.requested', phase: 'decision', ...CALL }),
}

/** Required attributes of 1.8.0 per class, beside those of every event (events/*.json and objects/*.json of ocsf-schema). */
const REQUIRED: Readonly<Record<number, readonly string[]>> = {
  6003: ['actor', 'api.operation', 'src_endpoint'],
  2004: ['finding_info.title', 'finding_info.uid'],
  3002: ['user', 'service'],
  6002: ['app.name'],
  3004: ['entity'],
  1008: ['log_name'],
}
const BASE = [
  'activity_id',
  'category_uid',
  'class_uid',
  'severity_id',
  'time',
  'type_uid',
  'metadata.version',
  'metadata.product.name',
]

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

function at(of: JsonObject, path: string): Json | undefined {
  let value: Json | undefined = of
  for (const key of path.split('.')) value = isObject(value) ? value[key] : undefined
  return value
}

test('every event has what schema 1.8.0 requires of its class', () => {
  const seen = new Set<number>()
  for (const [name, one] of Object.entries(EVENTS)) {
    const made = ocsfEvent(one)
    const uid = Number(made['class_uid'])
    seen.add(uid)
    for (const path of [...BASE, ...(REQUIRED[uid] ?? ['no such class'])]) {
      assert.notEqual(at(made, path), undefined, `${name}: ${path}`)
    }
    assert.equal(made['type_uid'], uid * 100 + Number(made['activity_id']))
    assert.equal(Math.floor(uid / 1_000), made['category_uid'])
    // `Other` has to be named (base_event: activity_name).
    if (made['activity_id'] === 99) assert.equal(typeof made['activity_name'], 'string')
  }
  assert.deepEqual(
    [...seen].toSorted((a, b) => a - b),
    [1008, 2004, 3002, 3004, 6002, 6003],
  )
})

test('objects keep their constraints: an actor says who, a user says which', () => {
  for (const one of Object.values(EVENTS)) {
    const { actor, user } = ocsfEvent(one)
    // at_least_one of objects/actor.json and objects/user.json.
    if (isObject(actor)) assert.ok(['app_name', 'app_uid', 'user'].some((key) => key in actor))
    if (isObject(user)) assert.ok(['name', 'uid'].some((key) => key in user))
  }
})

test('a security control says what it did', () => {
  const of = (name: string): JsonObject => ocsfEvent(EVENTS[name] ?? event({}))
  const denied = of('denied')
  assert.deepEqual([denied['action_id'], denied['disposition_id'], denied['status_id']], [2, 2, 2])
  assert.deepEqual(at(denied, 'metadata.profiles'), ['security_control', 'trace'])
  const intent = of('intent')
  // Approved, because a gate was lifted for it.
  assert.deepEqual(
    [intent['action_id'], intent['disposition_id'], intent['activity_id']],
    [1, 8, 3],
  )
  assert.deepEqual(at(intent, 'policy'), {
    uid: 'refunds',
    version: 'sha256:set',
    is_applied: true,
  })
  assert.equal(at(of('outcome'), 'trace.span.uid'), '00f067aa0ba902b7')
  assert.equal(at(of('outcome'), 'duration'), 12)
})

test('what happens to the log itself is named as Event Log Activity names it', () => {
  // classes event_log_activity, activity_id: 2 Delete, 3 Export, 5 Rotate.
  const activities = {
    'log.shard_dropped': 2,
    'log.exported': 3,
    'export.begun': 3,
    'log.shard_closed': 5,
    'log.restored': 99,
  }
  for (const [type, activity] of Object.entries(activities)) {
    const made = ocsfEvent(event({ type, phase: 'lifecycle' }))
    assert.deepEqual([made['class_uid'], made['activity_id']], [1008, activity], type)
  }
})

test('CEF escapes what its syntax uses, in header and extension', () => {
  const line = cefLine(
    event({ type: 'a|b\\c', body: { reason: 'x=1\nCEF:0|forged', status: 'ok' } }),
    '1.0',
  )
  assert.match(line, /^CEF:0\|Bailiwick\|Bailiwick\|1\.0\|\d+\|a\\\|b\\\\c\|\d+\|/)
  assert.ok(line.includes('reason=x\\=1\\nCEF:0|forged') && !line.includes('\n'))
})

test('OTLP: log records and spans carry the same ids, times as text in nanoseconds', () => {
  const logs = otlpLogs(Object.values(EVENTS), '1.0') as never as {
    resourceLogs: { scopeLogs: { logRecords: JsonObject[] }[] }[]
  }
  const records = logs.resourceLogs[0]?.scopeLogs[0]?.logRecords ?? []
  assert.equal(records.length, Object.keys(EVENTS).length)
  for (const one of records) assert.match(textOf(one['timeUnixNano']), /^\d{19}$/)
  const traces = otlpTraces(Object.values(EVENTS), '1.0') as never as {
    resourceSpans: { scopeSpans: { spans: JsonObject[] }[] }[]
  }
  const spans = traces.resourceSpans[0]?.scopeSpans[0]?.spans ?? []
  assert.deepEqual(
    spans.map(({ spanId, parentSpanId, kind }) => [spanId, parentSpanId, kind]),
    [
      ['00f067aa0ba902b7', '53995c3f42cd8ad8', 2],
      ['00f067aa0ba902b8', undefined, 2],
    ],
  )
  const [outcome] = spans
  const took =
    BigInt(textOf(outcome?.['endTimeUnixNano'])) - BigInt(textOf(outcome?.['startTimeUnixNano']))
  assert.equal(took, 12_500_000n)
  assert.equal(otlpTraces([event({})], '1.0'), undefined)
})
