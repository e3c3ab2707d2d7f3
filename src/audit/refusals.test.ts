// Holds the tests of counting refusals: exact, few records, nothing forgotten when recording fails.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { isObject, type Json } from '../std/json.ts'
import type { AuditSink, RecordDraft } from '../wire/record.ts'
import { RefusalCounter } from './refusals.ts'

/** A sink that keeps what it gets, unless it is told to fail. */
class KeepingSink implements AuditSink {
  readonly drafts: RecordDraft[] = []
  broken = false

  append(draft: RecordDraft): Promise<{ id: string; leaf: string; ts: string }> {
    if (this.broken) return Promise.reject(new Error('no disk'))
    this.drafts.push(draft)
    return Promise.resolve({ id: '', leaf: '', ts: '' })
  }
}

function counter(sink: AuditSink): RefusalCounter {
  const clock = { now: () => 1_700_000_000_000, monotonic: () => 0 }
  return new RefusalCounter({ sink, clock, intervalMs: 3_600_000 })
}

function counts(draft: RecordDraft | undefined): Map<string, Json | undefined> {
  const refused = draft?.body['refused']
  assert.ok(Array.isArray(refused))
  return new Map(
    refused.filter(isObject).map(({ kind, listener, count }) => {
      assert.ok(typeof kind === 'string' && typeof listener === 'string')
      return [`${kind} ${listener}`, count]
    }),
  )
}

test('refusals of one interval become one record with exact counts', async () => {
  const sink = new KeepingSink()
  const refusals = counter(sink)
  for (let i = 0; i < 1000; i++) refusals.count('tls.no_certificate', 'gateway')
  for (let i = 0; i < 7; i++) refusals.count('token.expired', 'control')
  await refusals.flush()
  await refusals.flush()
  assert.equal(sink.drafts.length, 1)
  assert.equal(sink.drafts[0]?.type, 'refusals.unauthenticated')
  assert.equal(sink.drafts[0]?.body['total'], 1007)
  assert.equal(counts(sink.drafts[0]).get('tls.no_certificate gateway'), 1000)
  await refusals.close()
  assert.equal(sink.drafts.length, 1)
})

test('kinds without end are counted together, and no count is lost', async () => {
  const sink = new KeepingSink()
  const refusals = counter(sink)
  for (let i = 0; i < 500; i++) refusals.count(`kind-${i}`, 'gateway')
  await refusals.close()
  const found = counts(sink.drafts[0])
  assert.equal(found.size, 65)
  assert.equal(found.get('other other'), 436)
  assert.equal(sink.drafts[0]?.body['total'], 500)
})

test('a failed record keeps its counts for the next', async () => {
  const sink = new KeepingSink()
  const refusals = counter(sink)
  refusals.count('a', 'gateway')
  sink.broken = true
  await assert.rejects(refusals.flush())
  refusals.count('a', 'gateway')
  sink.broken = false
  await refusals.close()
  assert.equal(counts(sink.drafts[0]).get('a gateway'), 2)
})
