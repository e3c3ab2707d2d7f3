// Holds the tests of times as people read them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { relative, span, when } from './when.ts'

const NOW = Date.parse('2026-11-22T12:00:00.500Z')

test('a time is told absolutely in UTC and relatively, in its largest whole unit', () => {
  for (const [text, shown] of [
    ['2026-11-22T11:57:00.000Z', '2026-11-22 11:57:00Z (3 min ago)'],
    ['2026-11-22T12:04:59.999Z', '2026-11-22 12:04:59Z (in 4 min)'],
    ['2026-11-22T12:00:00.000Z', '2026-11-22 12:00:00Z (now)'],
    ['2026-11-20T12:00:00.000Z', '2026-11-20 12:00:00Z (2 d ago)'],
    ['2026-11-22T09:59:00.000Z', '2026-11-22 09:59:00Z (2 h ago)'],
    ['no time', 'no time'],
  ] as const) {
    assert.equal(when(text, NOW), shown)
  }
})

test('less than a second away is now, and no length is nothing', () => {
  assert.equal(relative(NOW + 999, NOW), 'now')
  assert.equal(relative(NOW + 1_000, NOW), 'in 1 s')
  assert.equal(span(0), '0 s')
})
