// Holds the tests of the metrics: each budget has its figure, counted from records and locks, and no name is in them.

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import type { LiveListener } from '../audit/live-tail.ts'
import type { AuditStats } from '../audit/log.ts'
import type { LockListener } from '../authority/locks/locks.ts'
import type { AuditRecord } from '../wire/record.ts'
import { Metrics } from './metrics.ts'

const STATS: AuditStats = {
  gateway: 'one',
  boot: 'b',
  iseq: 9,
  size: 9,
  published: 7,
  queuedBytes: 0,
  backlogSegments: 1,
}

interface World {
  readonly metrics: Metrics
  record(type: string, body: AuditRecord['body']): void
  lock(change: 'added' | 'removed', at: number): void
  /** Who listens for records and locks. */
  listeners(): number
  stats: AuditStats
  lag: number
  now: number
}

function world(t: TestContext): World {
  const heard = new Set<LiveListener>()
  const locked = new Set<LockListener>()
  const made: World = {
    stats: STATS,
    lag: 0,
    now: 1_000,
    listeners: () => heard.size + locked.size,
    metrics: new Metrics({
      audit: {
        stats: () => made.stats,
        subscribe: (listener) => {
          heard.add(listener)
          return () => void heard.delete(listener)
        },
      },
      exports: { states: () => [] },
      search: { state: () => ({ indexed: 0, lag: made.lag }) },
    }),
    record(type, body) {
      const record = { type, body, agent: 'robot', system: 'files' } as unknown as AuditRecord
      for (const listener of heard) listener([{ leaf: 'l', record }], 0)
    },
    lock(change, at) {
      const target = { kind: 'agent', name: 'robot' } as const
      for (const listener of locked) {
        listener(change, { id: 'x', target, reason: 'r', person: 'p', at, state: 'active' })
      }
    },
  }
  const locks = {
    onChange: (listener: LockListener) => {
      locked.add(listener)
      return () => void locked.delete(listener)
    },
  }
  made.metrics.ready(locks, { now: () => made.now })
  t.after(() => made.metrics.close())
  return made
}

test('every budget has its figure: decision, call, record, certificate, lock, start, and growth', (t) => {
  const of = world(t)
  of.record('call.outcome', {
    status: 'ok',
    timings: {
      decide_us: 4,
      record_us: 800,
      wait_us: 2_000_000,
      upstream_us: 5_000,
      total_us: 2_007_000,
    },
  })
  of.record('call.denied', { code: 'policy.denied', timings: { decide_us: 6, total_us: 90 } })
  of.record('instance.enrolled', {})
  of.now = 1_060
  of.lock('added', 1_000)
  of.lock('removed', 1_000)
  of.lag = 3
  const text = of.metrics.text()
  for (const line of [
    'bailiwick_call_seconds_count{phase="decide"} 2',
    'bailiwick_call_seconds_bucket{phase="record",le="0.0005"} 0',
    'bailiwick_call_seconds_bucket{phase="record",le="0.001"} 1',
    // 2 ms: people and the system are left out.
    'bailiwick_call_added_seconds_bucket{le="0.001"} 0',
    'bailiwick_call_added_seconds_bucket{le="0.0025"} 1',
    'bailiwick_calls_total{outcome="denied"} 1',
    'bailiwick_call_denials_total{code="policy.denied"} 1',
    'bailiwick_records_total 3',
    'bailiwick_certificates_total 1',
    'bailiwick_lock_enforced_seconds_bucket{le="0.05"} 0',
    'bailiwick_lock_enforced_seconds_bucket{le="0.1"} 1',
    'bailiwick_lock_enforced_seconds_count 1',
    'bailiwick_log_unpublished 2',
    'bailiwick_log_backlog_segments 1',
    'bailiwick_log_sequencer_failing 0',
    'bailiwick_log_break_glass 0',
    'bailiwick_search_lag_records 3',
  ]) {
    assert.ok(text.includes(`${line}\n`), line)
  }
  assert.match(text, /^bailiwick_start_seconds \d/m)
  assert.match(text, /^bailiwick_resident_memory_bytes \d/m)
  assert.doesNotMatch(text, /robot|files|bailiwick_log_free_bytes \d/)
})

test('a log that stands still, is short of room or writes elsewhere says so', (t) => {
  const of = world(t)
  const breakGlass = { directory: '/mnt/spare', until: '2026-11-23T00:00:00.000Z', waiting: 0 }
  of.stats = {
    ...STATS,
    sequencerProblem: 'the disk is gone',
    freeBytes: 12,
    breakGlass: breakGlass as unknown as NonNullable<AuditStats['breakGlass']>,
  }
  const text = of.metrics.text()
  assert.match(text, /^bailiwick_log_sequencer_failing 1$/m)
  assert.match(text, /^bailiwick_log_break_glass 1$/m)
  assert.match(text, /^bailiwick_log_free_bytes 12$/m)
  assert.doesNotMatch(text, /spare|disk is gone/)
})

test('every sample is under a head of its own, and after the end nobody listens', (t) => {
  const of = world(t)
  of.record('call.outcome', { status: 'what "an agent"\nmade up' })
  const names = new Set<string>()
  for (const line of of.metrics.text().trimEnd().split('\n')) {
    const [, typed] = /^# TYPE (\S+) (?:counter|gauge|histogram)$/.exec(line) ?? []
    if (typed !== undefined) {
      assert.ok(!names.has(typed), `${typed} twice`)
      names.add(typed)
    }
    if (line.startsWith('#')) continue
    const [, name = ''] =
      /^([a-z0-9_]+)(?:\{[a-z]+="[^"]*"(?:,le="[^"]*")?\})? [0-9.e+-]+$/.exec(line) ?? []
    assert.ok(names.has(name.replace(/_(?:bucket|sum|count)$/, '')) || names.has(name), line)
  }
  assert.equal(of.listeners(), 2)
  of.metrics.close()
  assert.equal(of.listeners(), 0)
})
