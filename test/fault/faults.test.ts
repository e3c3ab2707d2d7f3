// Holds a short run of a fleet under faults; `npm run fault` runs them all.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runFaults } from './run.ts'

test('INV-5 INV-6 INV-7 three gateways under load keep what is promised while they are paused, cut off and killed, and control with them', async () => {
  const { seen, stuck, violations } = await runFaults(['nothing', 'all at once'], { perSecond: 15 })
  assert.deepEqual(violations, [])
  assert.deepEqual(stuck, [])
  // A run in which nothing happened would find nothing either.
  assert.ok((seen['write'] ?? 0) > 50, JSON.stringify(seen))
  assert.ok((seen['approved'] ?? 0) > 0, JSON.stringify(seen))
  assert.equal(seen['lock'], 2)
})
