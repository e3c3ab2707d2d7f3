// Holds the sample of the crash test at every call that each test run has; `npm run crash -- --every-call` breaks all of them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { everyCall } from './every-call.ts'
import { FAULTS } from './fault-plan.ts'

const SAMPLED =
  /^spool (fdatasync|writev|rename)|^sequencer (exec\(COMMIT|renameSync|mkdirSync .*tile$)|^main exec/

test('INV-7 a fault at a call of the commit path loses nothing acknowledged and leaves nothing unrecorded', async () => {
  // Each fault at some call of the sample, and every call of the sample by some fault.
  const faultsOf = (index: number) => FAULTS.filter((_, i) => i % 3 === index % 3)
  const only = ({ site }: { site: string }): boolean => SAMPLED.test(site)
  const found = await everyCall({
    scenario: 'normal',
    occurrences: 'first',
    parallel: 2,
    only,
    faultsOf,
  })
  assert.deepEqual(found.deviations, [])
  assert.ok(found.reached >= 8, `${found.reached} of ${found.runs} were reached`)
})

test('a disk that refuses the verifier key of a new shard stops the sequencer, not the process', async () => {
  // The first write of the file is of the opening, the second of the first shard.
  const only = ({ site, nth }: { site: string; nth: number }): boolean =>
    site.startsWith('main openSync') && nth > 1
  const faultsOf = () => ['EIO'] as const
  const found = await everyCall({
    scenario: 'normal',
    occurrences: 'all',
    parallel: 2,
    only,
    faultsOf,
  })
  assert.deepEqual(found.deviations, [])
  assert.equal(found.reached, 2)
})
