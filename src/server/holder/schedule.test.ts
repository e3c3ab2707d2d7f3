// Holds tests of when to renew and how long to wait after failures.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { backoff, renewalTime } from './schedule.ts'

const entropy = fc
  .uint8Array({ minLength: 4, maxLength: 4 })
  .map((bytes) => ({ bytes: () => bytes }))

test('renewal lies between half and two thirds of a life, and moves with chance', () => {
  fc.assert(
    fc.property(fc.nat(4_000_000), entropy, (life, random) => {
      const at = renewalTime(1_000, 1_000 + life, random)
      assert.ok(at >= 1_000 + life / 2 && at <= 1_000 + (life * 2) / 3)
    }),
  )
  const at = (octet: number) => ({ bytes: () => new Uint8Array(4).fill(octet) })
  assert.equal(renewalTime(0, 600, at(0)), 300)
  assert.ok(renewalTime(0, 600, at(255)) > 399)
})

test('waits grow from a second to a minute and never past it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_000 }), entropy, (failures, random) => {
      const most = Math.min(60_000, 1_000 * 2 ** (failures - 1))
      const wait = backoff(failures, random)
      assert.ok(wait > most / 2 && wait <= most)
    }),
  )
})
