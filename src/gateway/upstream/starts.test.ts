// Holds the tests of starts: whoever fails again and again waits longer and longer, and nobody else does.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../std/fault.ts'
import { Starts } from './starts.ts'

function bench() {
  let now = 0
  const clock = { now: () => now, monotonic: () => now }
  const entropy = { bytes: (n: number) => new Uint8Array(n).fill(255) }
  const starts = new Starts({ clock, entropy } as never)
  const early = (key: string): boolean => {
    try {
      return starts.wait(key) > 0
    } catch (error) {
      assert.ok(error instanceof Fault && error.code === 'upstream.unavailable')
      return true
    }
  }
  return { starts, early, sleep: (ms: number) => (now += ms) }
}

test('two failures cost nothing, and every one after twice as long as the last', () => {
  const { starts, early, sleep } = bench()
  const waits: number[] = []
  for (let n = 0; n < 12; n++) {
    starts.began('a').failed()
    let waited = 0
    while (early('a')) waited += sleep(250) && 250
    waits.push(waited)
  }
  assert.deepEqual(waits.slice(0, 2), [0, 0])
  for (let n = 3; n < waits.length; n++) assert.ok(waits[n]! >= waits[n - 1]!, String(waits))
  assert.ok(waits.at(-1)! > 30_000 && waits.at(-1)! <= 90_250, String(waits))
  assert.equal(early('b'), false)
})

test('one that stayed up for a while begins anew, one that ended at once does not', () => {
  const { starts, early, sleep } = bench()
  for (let n = 0; n < 5; n++) starts.began('a').closed()
  assert.equal(early('a'), true)
  sleep(60_000)
  const long = starts.began('a')
  sleep(10_000)
  long.closed()
  // What is told twice counts once.
  long.failed()
  starts.began('a').failed()
  assert.equal(early('a'), false)
})
