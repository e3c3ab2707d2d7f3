// Holds tests of the bound on what an upstream may say: slower, and nothing lost.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { throttle } from './faucet.ts'

function source(chunk: Buffer, count: number): Readable {
  let left = count
  return new Readable({
    read() {
      this.push(left-- > 0 ? chunk : null)
    },
  })
}

test('a flood of bytes is passed on whole, in more than one window', async () => {
  const stream = source(Buffer.alloc(65_536, 'x'), 64)
  let bytes = 0
  let pauses = 0
  stream.on('pause', () => pauses++)
  throttle(stream, (chunk) => (bytes += chunk.length))
  await new Promise((resolve) => stream.on('end', resolve))
  assert.equal(bytes, 64 * 65_536)
  assert.ok(pauses >= 3, `${pauses} pauses`)
})

test('a flood of short lines pauses although it is few bytes', async () => {
  const stream = source(Buffer.from('{}\n'.repeat(1_000)), 10)
  let lines = 0
  let pauses = 0
  stream.on('pause', () => pauses++)
  throttle(stream, (chunk) => (lines += chunk.toString().split('\n').length - 1))
  await new Promise((resolve) => stream.on('end', resolve))
  assert.equal(lines, 10_000)
  assert.ok(pauses >= 4, `${pauses} pauses`)
})

test('what stays below the bound is never paused', async () => {
  const stream = source(Buffer.from('{}\n'), 100)
  stream.on('pause', () => assert.fail('paused'))
  let seen = 0
  throttle(stream, () => seen++)
  await new Promise((resolve) => stream.on('end', resolve))
  assert.equal(seen, 100)
})
