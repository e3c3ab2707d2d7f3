// Holds the tests of sliding windows against a naive model: equal at the granularity of a bucket, never less than the truth.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Buckets } from './buckets.ts'
import { Distinct, MOST_DISTINCT } from './distinct.ts'

const WINDOW = 60_000
const BUCKET = 1_000

/** Steps of time, forwards and back, with an amount at each. */
const steps = fc.array(
  fc.record({ by: fc.integer({ min: -5_000, max: 90_000 }), amount: fc.nat(1_000) }),
  { maxLength: 60 },
)

test('a window equals a naive model at the granularity of a bucket', () => {
  fc.assert(
    fc.property(steps, (moves) => {
      const buckets = new Buckets(WINDOW, BUCKET, 1)
      const seen: { bucket: number; amount: number }[] = []
      let now = 1_000_000_000
      let head = 0
      for (const { by, amount } of moves) {
        now += by
        head = Math.max(head, Math.floor(now / BUCKET))
        buckets.add([amount], now)
        seen.push({ bucket: head, amount })
        const model = seen
          .filter(({ bucket }) => bucket >= head - WINDOW / BUCKET)
          .reduce((sum, one) => sum + one.amount, 0)
        assert.equal(buckets.sum(0, now), model)
      }
    }),
  )
})

test('a window never counts less than what happened within it, whatever the clock does', () => {
  fc.assert(
    fc.property(steps, (moves) => {
      const buckets = new Buckets(WINDOW, BUCKET, 1)
      const seen: { at: number; amount: number }[] = []
      let now = 1_000_000_000
      // Time that was is over: a clock that goes back makes nothing recent again, and nothing old.
      let latest = now
      for (const { by, amount } of moves) {
        now += by
        latest = Math.max(latest, now)
        buckets.add([amount], now)
        seen.push({ at: now, amount })
        const truth = seen
          .filter(({ at }) => at > latest - WINDOW)
          .reduce((sum, one) => sum + one.amount, 0)
        assert.ok(buckets.sum(0, now) >= truth)
      }
    }),
    { numRuns: 500 },
  )
})

test('what was added is taken out of its own bucket, and of none that has left', () => {
  const buckets = new Buckets(WINDOW, BUCKET, 2)
  const first = buckets.add([1, 10], 0)
  buckets.add([1, 20], 30_000)
  buckets.take([1, 10], first)
  assert.equal(buckets.sum(0, 30_000), 1)
  assert.equal(buckets.sum(1, 30_000), 20)
  buckets.take([1, 20], first - 100)
  assert.equal(buckets.sum(1, 30_000), 20)
  assert.equal(buckets.sum(1, 200_000), 0)
})

test('the wait that is told is enough, and no bucket too long', () => {
  fc.assert(
    fc.property(steps, fc.nat(5_000), (moves, most) => {
      const buckets = new Buckets(WINDOW, BUCKET, 1)
      let now = 1_000_000_000
      for (const { by, amount } of moves) {
        now += Math.abs(by)
        buckets.add([amount], now)
      }
      const wait = buckets.fallsIn(0, most, now)
      assert.ok(wait <= WINDOW + BUCKET)
      // Looking moves the window on: the shorter wait first.
      if (wait > 1) assert.ok(buckets.sum(0, now + wait - 1) > most)
      assert.ok(buckets.sum(0, now + wait) <= most)
    }),
  )
})

test('rows bring the same sums back, and a bucket from a clock that was ahead counts as now', () => {
  const buckets = new Buckets(WINDOW, BUCKET, 2)
  buckets.add([1, 5], 100_000)
  buckets.add([2, 6], 150_000)
  const again = new Buckets(WINDOW, BUCKET, 2)
  again.load(buckets.rows(), 155_000)
  assert.deepEqual([again.sum(0, 155_000), again.sum(1, 155_000)], [3, 11])
  const late = new Buckets(WINDOW, BUCKET, 2)
  late.load([[9_999_999, 4, 4]], 155_000)
  assert.equal(late.sum(0, 155_000), 4)
  assert.equal(late.sum(0, 155_000 + WINDOW + BUCKET), 0)
})

test('distinct names are exact up to the bound, and never too few beyond it', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          by: fc.nat(20_000),
          names: fc.array(fc.nat(MOST_DISTINCT * 2), { maxLength: 200 }),
        }),
        { maxLength: 12 },
      ),
      (moves) => {
        const distinct = new Distinct(WINDOW, BUCKET)
        const seen: { at: number; name: number }[] = []
        let now = 1_000_000_000
        for (const { by, names } of moves) {
          now += by
          for (const name of names) {
            distinct.see(String(name), now)
            seen.push({ at: now, name })
          }
          const within = (reach: number): number =>
            new Set(seen.filter(({ at }) => at > now - reach).map(({ name }) => name)).size
          const count = distinct.count(now)
          assert.ok(count >= within(WINDOW))
          if (within(Infinity) <= MOST_DISTINCT) assert.ok(count <= within(WINDOW + BUCKET))
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('how many more there would be is what there are more afterwards', () => {
  const distinct = new Distinct(WINDOW, BUCKET)
  for (const name of ['a', 'b']) distinct.see(name, 0)
  assert.equal(distinct.added(['b', 'c', 'd'], 0), 2)
  for (const name of ['b', 'c', 'd']) distinct.see(name, 0)
  assert.equal(distinct.count(0), 4)
  distinct.more(7, 0)
  assert.equal(distinct.count(0), 11)
  assert.equal(distinct.fallsIn(4, 0), WINDOW + BUCKET)
})
