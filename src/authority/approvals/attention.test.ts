// Holds the tests of an approver's attention.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../../test/fakes/clock.ts'
import { Attention } from './attention.ts'

test('who agrees to what nobody showed them, or faster than anybody reads, was hasty', () => {
  const clock = new FakeClock()
  const attention = new Attention(clock)
  assert.deepEqual(attention.reading('a', 'fay'), { readMs: null, hasty: true })
  attention.looked('a', 'fay', 500)
  clock.advance(9_999)
  assert.deepEqual(attention.reading('a', 'fay'), { readMs: 9_999, hasty: true })
  // Looking again does not begin anew.
  attention.looked('a', 'fay', 500)
  clock.advance(1)
  assert.deepEqual(attention.reading('a', 'fay'), { readMs: 10_000, hasty: false })
  assert.equal(attention.reading('a', 'finn').readMs, null, 'another person')
  assert.equal(attention.reading('b', 'fay').readMs, null, 'another call')
  attention.looked('short', 'fay', 2)
  clock.advance(1_999)
  assert.equal(attention.reading('short', 'fay').hasty, true)
  attention.looked('long', 'fay', 1_000_000)
  clock.advance(60_000)
  assert.equal(attention.reading('long', 'fay').hasty, false)
})

test('nobody agrees more than thirty times a minute, and a megabyte of looks is forgotten from the front', () => {
  const clock = new FakeClock()
  const attention = new Attention(clock)
  for (let i = 0; i < 30; i++) {
    assert.equal(attention.mayAgree('fay'), true)
    clock.advance(1_000)
  }
  assert.equal(attention.mayAgree('fay'), false)
  assert.equal(attention.mayAgree('finn'), true, 'each by themselves')
  clock.advance(30_000)
  assert.equal(attention.mayAgree('fay'), true)
  for (let i = 0; i < 5_000; i++) attention.looked(`a${i}`, 'fay', 1)
  assert.equal(attention.reading('a0', 'fay').readMs, null)
  assert.equal(attention.reading('a4999', 'fay').readMs, 0)
})
