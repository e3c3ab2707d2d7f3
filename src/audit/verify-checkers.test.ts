// Holds the tests of the checking threads: their verdict is that of the check itself, in order, and one that dies is told.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { utf8 } from '../std/bytes.ts'
import { systemClock } from '../std/clock.ts'
import { systemEntropy } from '../std/entropy.ts'
import { Fault } from '../std/fault.ts'
import { Envelope } from './envelope.ts'
import { intent } from './testbed.test.ts'
import { checkBundle } from './verify-bundle.ts'
import { BundleCheckers } from './verify-checkers.ts'

const BOOT = '01a204f2-383b-7306-a4c7-0552c2623573'

function bundles(): Uint8Array[][] {
  const seals = new Envelope('gw', BOOT, systemClock, systemEntropy)
  return Array.from({ length: 20 }, (_, bundle) =>
    Array.from({ length: 1 + bundle * 3 }, (__, i) => {
      const { text } = seals.seal(intent(`call-${bundle}-${i}`, { text: 'ä'.repeat(i % 3) }))
      return utf8(i % 7 === 6 ? text.replace('"v":2', '"v":9') : text)
    }),
  )
}

test('threads check bundles as the check itself does, and answer in the order of the log', async () => {
  const few = new BundleCheckers(1)
  const many = new BundleCheckers(1_000)
  assert.equal(few.ahead, 1)
  assert.ok(many.ahead > 1)
  const all = bundles()
  const expected = all.map(checkBundle)
  assert.deepEqual(await Promise.all(all.map((one) => few.check(one))), expected)
  assert.deepEqual(await Promise.all(all.map((one) => many.check(one))), expected)
  await few.close()
  // More than is checked in the moment that the end takes.
  const asked = Array.from({ length: 400 }, () => many.check(all[19]!))
  const [answers] = await Promise.all([Promise.allSettled(asked), many.close()])
  const last = answers.at(-1)
  assert.ok(last?.status === 'rejected' && last.reason instanceof Fault)
  assert.equal(last.reason.code, 'audit.unavailable')
})
