// Holds the tests of the live tail: in order, bounded, and never anybody else's problem.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'

import { systemClock } from '../std/clock.ts'
import { systemEntropy } from '../std/entropy.ts'
import { Envelope } from './envelope.ts'
import { LiveTail } from './live-tail.ts'
import { intent } from './testbed.test.ts'

const { record } = new Envelope('gw', 'b', systemClock, systemEntropy).seal(intent('a'))

test('a listener gets records in order, outside the turn that pushed them', async () => {
  const tail = new LiveTail()
  const got: string[] = []
  const end = tail.subscribe((records) => got.push(...records.map(({ leaf }) => leaf)))
  for (const leaf of ['1', '2', '3']) tail.push({ leaf, record })
  assert.deepEqual(got, [])
  await turn()
  assert.deepEqual(got, ['1', '2', '3'])
  end()
  tail.push({ leaf: '4', record })
  await turn()
  assert.equal(got.length, 3)
})

test('what is too much is dropped and counted', async () => {
  const tail = new LiveTail()
  const got: [number, number][] = []
  tail.subscribe((records, missed) => got.push([records.length, missed]))
  for (let i = 0; i < 5000; i++) tail.push({ leaf: String(i), record })
  await turn()
  assert.deepEqual(got, [[4096, 904]])
})

test('a listener that throws is let go, and the others hear on', async () => {
  const tail = new LiveTail()
  let heard = 0
  let thrown = 0
  tail.subscribe(() => {
    thrown += 1
    throw new Error('no')
  })
  tail.subscribe(() => void (heard += 1))
  for (let i = 0; i < 2; i++) {
    tail.push({ leaf: 'x', record })
    await turn()
  }
  assert.deepEqual([thrown, heard], [1, 2])
})
