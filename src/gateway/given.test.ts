// Holds the tests of what instances were given lately: the newest is known, each is known by itself, and all of it is bounded.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GivenLately } from './given.ts'

const answer = (call: string) => ({ by: 'tool', call }) as const

test('what an instance was given last is known, and of no other', () => {
  const given = new GivenLately()
  assert.equal(given.last('i-1'), undefined)
  given.note('i-1', answer('c-1'))
  given.note('i-1', { by: 'system', call: 'c-2' })
  assert.deepEqual(given.last('i-1'), { by: 'system', call: 'c-2' })
  assert.deepEqual([given.had('i-1', 'c-1'), given.had('i-2', 'c-1')], [true, false])
})

test('INV-10 however many instances and calls there are, what is remembered is bounded, the oldest first to go', () => {
  const given = new GivenLately()
  for (let at = 0; at < 20; at++) given.note('i-0', answer(`c-${at}`))
  assert.deepEqual([given.had('i-0', 'c-3'), given.had('i-0', 'c-4')], [false, true])
  for (let at = 1; at < 4_096; at++) given.note(`i-${at}`, answer('c'))
  given.note('i-0', answer('again'))
  given.note('one more', answer('c'))
  assert.equal(given.last('i-1'), undefined, 'the longest silent went')
  assert.deepEqual(given.last('i-0'), answer('again'))
})
