// Holds the tests of the histogram: its buckets are cumulative, and nothing is counted twice or not at all.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Histogram } from './histogram.ts'

test('every duration is in every bucket from its own on, and in the count', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { maxLength: 50 }), (all) => {
      const histogram = new Histogram()
      for (const one of all) histogram.observe(one)
      const text = histogram.samples('x_seconds', 'phase="a"')
      for (const [, bound, count] of text.matchAll(/_bucket\{phase="a",le="([^"]+)"\} (\d+)\n/g)) {
        const limit = bound === '+Inf' ? Infinity : Number(bound)
        assert.equal(Number(count), all.filter((one) => one <= limit).length)
      }
      assert.ok(text.endsWith(`x_seconds_count{phase="a"} ${all.length}\n`))
    }),
  )
  assert.match(
    new Histogram().samples('y'),
    /^y_bucket\{le="0\.0001"\} 0\n[^]*y_sum 0\ny_count 0\n$/,
  )
})
