// Holds how much a process and an account may ask: a burst, a rate, and connections that are counted out again.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../../test/fakes/clock.ts'
import { CallerLimits } from './limits.ts'

test('a process has a burst, gets it back with time, and does not spend that of another', () => {
  const clock = new FakeClock()
  const limits = new CallerLimits(clock)
  const one = { process: '1:a', uid: 1 }
  for (let asked = 0; asked < 10; asked++) assert.ok(limits.take(one, 20))
  assert.equal(limits.take(one, 20), false)
  assert.ok(limits.take({ process: '2:a', uid: 1 }, 20))
  clock.setWall(clock.now() + 86_400_000)
  assert.equal(limits.take(one, 20), false, 'wall time gives nothing back')
  clock.advance(2_000)
  assert.ok(limits.take(one, 20))
  assert.equal(limits.take(one, 20), false)
})

test('an account has a burst over all of its processes', () => {
  const limits = new CallerLimits(new FakeClock())
  for (let pid = 0; pid < 100; pid++) assert.ok(limits.take({ process: `${pid}:a`, uid: 1 }, 20))
  assert.equal(limits.take({ process: '100:a', uid: 1 }, 20), false)
  assert.ok(limits.take({ process: '101:a', uid: 2 }, 20))
})

test('connections are limited per process, per account and in all, and given back when they close', () => {
  const limits = new CallerLimits(new FakeClock())
  const open = (process: string, uid: number) => limits.connect({ process, uid })
  const first = open('1:a', 1)
  for (let n = 1; n < 16; n++) assert.ok(open('1:a', 1))
  assert.equal(open('1:a', 1), undefined)
  first!()
  assert.ok(open('1:a', 1))
  for (let n = 16; n < 256; n++) assert.ok(open(`${n}:a`, 1))
  assert.equal(open('999:a', 1), undefined)
  for (let n = 256; n < 1_024; n++) assert.ok(open(`${n}:a`, n), String(n))
  assert.equal(open('9999:a', 9_999), undefined)
})
