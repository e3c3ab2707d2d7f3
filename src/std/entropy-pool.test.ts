// Holds the tests of drawing randomness in advance: every byte of the source once.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { EntropyPool } from './entropy-pool.ts'

test('no byte is handed out twice, and none is made up', () => {
  let next = 0
  const source = { bytes: (n: number) => Uint8Array.from({ length: n }, () => next++ % 251) }
  const pool = new EntropyPool(source)
  const given: number[] = []
  for (let i = 0; i < 256; i++) given.push(...pool.bytes(16))
  assert.equal(next, 4096)
  assert.deepEqual(
    given,
    Array.from({ length: 4096 }, (_, i) => i % 251),
  )
  assert.equal(pool.bytes(5000).length, 5000)
})
