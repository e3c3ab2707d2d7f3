// Holds the differential test: our compilation and the library on generated worlds. Its long form is main.ts, run every night.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from './run.ts'

const CASES = 5_000

/** The same worlds every time: whoever breaks the engine is told at once, and nobody else is. */
const SEED = 20_261_123

test('INV-2 what is compiled answers as the library does, on 5,000 generated cases', () => {
  const seen = run(CASES, SEED)
  assert.equal(seen.cases, CASES)
  // The worlds were worth it: each kind of answer came often enough to be compared.
  for (const kind of ['allowed', 'forbidden', 'erring'] as const) {
    assert.ok(seen[kind] > CASES / 20, `${kind}: ${seen[kind]}`)
  }
  assert.ok(seen.policies > CASES / 4, `policies: ${seen.policies}`)
})
