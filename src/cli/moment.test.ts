// Holds the tests of times on a command line.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../std/fault.ts'
import { momentOf, momentOrNever } from './moment.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')

test('a time is so long from now, a day, or a whole time', () => {
  const at = (text: string) => momentOf('--expires', text, NOW)
  assert.equal(at('90m'), '2026-01-01T01:30:00.000Z')
  assert.equal(at('12h'), '2026-01-01T12:00:00.000Z')
  assert.equal(at('30d'), '2026-01-31T00:00:00.000Z')
  assert.equal(at('2w'), '2026-01-15T00:00:00.000Z')
  assert.equal(at('2027-01-31'), '2027-01-31T00:00:00.000Z')
  assert.equal(at('2027-01-31T12:00:00Z'), '2027-01-31T12:00:00.000Z')
  assert.equal(momentOrNever('--expires', 'never', NOW), null)
})

test('what is no time is refused, and the option named', () => {
  for (const text of ['', '0d', '-1d', '1y', '999999d', '2027-02-30x', '2027-13-01', 'tomorrow']) {
    assert.throws(
      () => momentOf('--review', text, NOW),
      (error) =>
        error instanceof Fault && error.code === 'cli.usage' && /--review/.test(error.detail),
      text,
    )
  }
})
