// Holds the tests of the quota: exact counts, a rate that fills again, a day that ends, and what is never refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Clock } from '../std/clock.ts'
import type { RecordDraft } from '../wire/record.ts'
import { OverQuota, RecordQuota } from './quota.ts'
import { intent } from './testbed.test.ts'

const NOON = Date.UTC(2026, 10, 23, 12)

class Hands implements Clock {
  ms = 0
  now = (): number => NOON + this.ms
  monotonic = (): number => this.ms
}

const of = (instance: string): RecordDraft => ({ ...intent('c'), instance })

function takenOf(quota: RecordQuota, draft: RecordDraft, tries: number): number {
  let taken = 0
  for (let i = 0; i < tries; i++) {
    try {
      quota.take(draft)
      taken += 1
    } catch (error) {
      assert.ok(error instanceof OverQuota)
    }
  }
  return taken
}

test('ten seconds of the rate may come at once, and it fills again as time goes by', () => {
  const clock = new Hands()
  const quota = new RecordQuota({ perSecond: 5, perDay: 1_000 }, clock)
  assert.equal(takenOf(quota, of('i-1'), 100), 50)
  assert.equal(takenOf(quota, of('i-2'), 10), 10, 'each by itself')
  clock.ms += 1_000
  assert.equal(takenOf(quota, of('i-1'), 100), 5)
  const over = quota.refuse('i-1')
  assert.ok(over !== undefined && over.retryAfterMs > 0 && over.retryAfterMs <= 200)
  clock.ms += over.retryAfterMs
  assert.equal(quota.refuse('i-1'), undefined, 'it is as it was told')
})

test('the day has an end, and the next one begins from nothing', () => {
  const clock = new Hands()
  const quota = new RecordQuota({ perSecond: 1_000, perDay: 30 }, clock)
  assert.equal(takenOf(quota, of('i-1'), 40), 30)
  const over = quota.refuse('i-1')
  assert.equal(over?.retryAfterMs, 12 * 3_600_000)
  assert.match(over.message, /all of the day/)
  clock.ms += over.retryAfterMs
  assert.equal(takenOf(quota, of('i-1'), 40), 30)
})

test('INV-7 what is refused is counted exactly, by who, and given back where its record fails', () => {
  const clock = new Hands()
  const quota = new RecordQuota({ perSecond: 1, perDay: 1_000 }, clock)
  takenOf(quota, of('i-1'), 17)
  takenOf(quota, of('i-2'), 11)
  clock.ms += 10
  const drained = quota.drain()
  assert.deepEqual(drained?.body['refused'], [
    { instance: 'i-1', count: 7 },
    { instance: 'i-2', count: 1 },
  ])
  assert.equal(drained.body['total'], 8)
  assert.equal(quota.drain(), undefined)
  drained.restore()
  takenOf(quota, of('i-1'), 1)
  assert.equal(quota.drain()?.body['total'], 9)
})

test('INV-7 outcomes, people and what takes authority away are never refused; outcomes count', () => {
  const clock = new Hands()
  const quota = new RecordQuota({ perSecond: 1, perDay: 20 }, clock)
  takenOf(quota, of('i-1'), 10)
  const outcome: RecordDraft = { ...of('i-1'), type: 'call.outcome', phase: 'outcome' }
  assert.equal(takenOf(quota, outcome, 50), 50)
  const lock: RecordDraft = { type: 'lock.added', phase: 'admin', person: 'p-1', body: {} }
  assert.equal(takenOf(quota, lock, 50), 50)
  clock.ms += 30_000
  assert.equal(takenOf(quota, of('i-1'), 5), 0, 'what it caused is paid for first')
})

test('however many instances come, what is held of them is bounded, and every refusal is in the sum', () => {
  const clock = new Hands()
  const quota = new RecordQuota({ perSecond: 0.1, perDay: 1_000 }, clock)
  for (let i = 0; i < 70_000; i++) takenOf(quota, of(`i-${i}`), 2)
  const drained = quota.drain()
  const refused = drained?.body['refused'] as { instance: string; count: number }[]
  assert.ok(refused.length <= 257)
  const sum = refused.reduce((all, { count }) => all + count, 0)
  assert.equal(sum, drained?.body['total'])
  // Accounts of their own refuse one each; all who come beyond them share one that has been used up.
  assert.equal(sum, 65_536 + (70_000 - 65_536) * 2 - 1)
})
