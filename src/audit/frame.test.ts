// Holds the tests of the spool's bytes: what was written is read, and nothing else is.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { checksumFrames, decodeBatchHead, decodeFrames, encodeBatchHead } from './frame.ts'
import { chunkOf } from './testbed.test.ts'

const payloads = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 20 })

test('frames come back as they were laid', () => {
  fc.assert(
    fc.property(payloads, (given) => {
      const chunk = chunkOf(given)
      assert.equal(checksumFrames(chunk), given.length)
      assert.deepEqual(
        decodeFrames(chunk)?.map((payload) => new Uint8Array(payload)),
        given,
      )
    }),
  )
})

test('a changed bit or a cut end is never read as the same frames', () => {
  const nonEmpty = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { minLength: 1 })
  fc.assert(
    fc.property(nonEmpty, fc.nat(), fc.nat(7), fc.nat(), (given, at, bit, cut) => {
      const chunk = chunkOf(given)
      checksumFrames(chunk)
      const flipped = Buffer.from(chunk)
      const place = at % flipped.length
      flipped[place] = (flipped[place] ?? 0) ^ (1 << bit)
      const read = decodeFrames(flipped)
      assert.ok(read === undefined || !Buffer.concat(read).equals(Buffer.concat(given)))
      const short = decodeFrames(chunk.subarray(0, cut % chunk.length))
      assert.ok(short === undefined || short.length < given.length)
    }),
  )
})

test('a frame of no bytes, or of more than an entry may have, is none', () => {
  const empty = chunkOf([new Uint8Array()])
  checksumFrames(empty)
  assert.equal(decodeFrames(empty), undefined)
  const large = chunkOf([new Uint8Array(65_536)])
  checksumFrames(large)
  assert.equal(decodeFrames(large), undefined)
})

test('a batch head comes back, and any changed bit makes it none', () => {
  const head = { segment: 7, batch: 3, frames: 12, bytes: 4321 }
  const bytes = Buffer.from(encodeBatchHead(head))
  assert.deepEqual(decodeBatchHead(bytes, 0), head)
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes)
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.equal(decodeBatchHead(changed, 0), undefined)
  }
})
