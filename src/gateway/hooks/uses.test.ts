// Holds the tests of what is remembered of uses: bounded, and each instance's own.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Permitted } from '../consider.ts'
import { Uses } from './uses.ts'

const use = { permitted: {} as Permitted, began: 0 }

test('a use is taken once, by the instance that it is of', () => {
  const uses = new Uses()
  uses.add('a', '1', use)
  assert.equal(uses.take('b', '1'), undefined)
  assert.equal(uses.take('a', '1'), use)
  assert.equal(uses.take('a', '1'), undefined)
})

test('one instance pushes out its own oldest, and never those of another', () => {
  const uses = new Uses()
  uses.add('quiet', '1', use)
  for (let id = 0; id < 1_000; id++) uses.add('loud', String(id), use)
  assert.equal(uses.take('loud', '0'), undefined)
  assert.equal(uses.take('loud', '999'), use)
  assert.equal(uses.take('quiet', '1'), use)
})

test('however many instances there are, what is remembered has an end', () => {
  const uses = new Uses()
  for (let at = 0; at < 10_000; at++) uses.add(`i${at}`, '1', use)
  assert.equal(uses.take('i0', '1'), undefined)
  assert.equal(uses.take('i9999', '1'), use)
})
