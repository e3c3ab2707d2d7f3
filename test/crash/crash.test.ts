// Holds the crash test as part of every test run; `npm run crash -- --rounds N` runs as many rounds as asked.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../src/std/bytes.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { rounds } from './rounds.ts'

test('INV-1 INV-7 two crashes under load lose nothing acknowledged and leave nothing executed unrecorded', async (t) => {
  const seed = hex(systemEntropy.bytes(4))
  t.diagnostic(`to repeat: npm run crash -- --rounds 2 --seed ${seed}`)
  const told: string[] = []
  // Throws what is wrong after a round.
  await rounds(2, seed, (line) => {
    told.push(line)
    t.diagnostic(line)
  })
  assert.equal(told.length, 2)
})
