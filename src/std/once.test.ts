// Holds the tests of the replay cache: once is once, and memory is bounded.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Once } from './once.ts'

test('a text counts once, until it could not come again anyway', () => {
  const once = new Once(10)
  assert.equal(once.take('a', 100, 0), 'first')
  assert.equal(once.take('a', 100, 50), 'again')
  assert.equal(once.take('a', 100, 100), 'again')
  assert.equal(once.take('a', 200, 101), 'first')
})

test('what there is no room to remember is refused, never let through', () => {
  const once = new Once(2)
  once.take('a', 100, 0)
  once.take('b', 100, 0)
  assert.equal(once.take('c', 100, 0), 'full')
  assert.equal(once.take('a', 100, 0), 'again')
  assert.equal(once.take('c', 300, 101), 'first')
})
