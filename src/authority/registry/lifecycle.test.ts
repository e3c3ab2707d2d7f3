// Holds the tests of the lifecycle: every pair of states, and every state's record.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayBecome, STATES, TRANSITION_RECORDS } from './lifecycle.ts'

const ALLOWED = new Set([
  'discovered pending',
  'discovered retired',
  'pending active',
  'pending retired',
  'active suspended',
  'active retired',
  'suspended active',
  'suspended retired',
])

test('of all pairs of states exactly these are transitions', () => {
  assert.deepEqual(STATES, ['discovered', 'pending', 'active', 'suspended', 'retired'])
  const pairs = STATES.flatMap((from) => STATES.map((to) => [from, to] as const))
  assert.equal(pairs.length, 25)
  for (const [from, to] of pairs) {
    assert.equal(mayBecome(from, to), ALLOWED.has(`${from} ${to}`), `${from} to ${to}`)
  }
})

test('every state has a type of record of its own', () => {
  assert.equal(new Set(Object.values(TRANSITION_RECORDS)).size, STATES.length)
  for (const state of STATES) assert.match(TRANSITION_RECORDS[state], /^agent\.[a-z]+$/)
})
