// Holds the tests of entry bundles.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { decodeEntries, encodeEntries, ENTRY_BYTES_MAX } from './entries.ts'

const bundles = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 256 })

test('a bundle reads back as it was written', () => {
  fc.assert(
    fc.property(bundles, (entries) => {
      assert.deepEqual(decodeEntries(encodeEntries(entries)), entries)
    }),
  )
})

test('lengths are big-endian and reach 65535', () => {
  const large = new Uint8Array(65_535).fill(1)
  const bytes = encodeEntries([Uint8Array.of(0xaa), new Uint8Array(258), large])
  assert.deepEqual([...bytes.subarray(0, 5)], [0, 1, 0xaa, 1, 2])
  assert.deepEqual(decodeEntries(bytes)[2], large)
  assert.throws(() => encodeEntries([new Uint8Array(ENTRY_BYTES_MAX + 1)]), {
    code: 'tlog.entry_size',
  })
})

test('a bundle that is cut anywhere but between entries is refused', () => {
  fc.assert(
    fc.property(bundles, fc.nat(), (entries, seed) => {
      const bytes = encodeEntries(entries)
      const ends = new Set([0])
      let end = 0
      for (const entry of entries) ends.add((end += 2 + entry.length))
      const cut = seed % (bytes.length + 1)
      const decode = () => decodeEntries(bytes.subarray(0, cut))
      if (ends.has(cut)) assert.equal(decode().length, [...ends].indexOf(cut))
      else assert.throws(decode, { code: 'tlog.bundle' })
    }),
  )
})

test('a bundle holds 256 entries and not one more', () => {
  assert.equal(decodeEntries(new Uint8Array(512)).length, 256)
  assert.throws(() => decodeEntries(new Uint8Array(514)), { code: 'tlog.bundle' })
  const entries = Array.from({ length: 257 }, () => new Uint8Array())
  assert.throws(() => encodeEntries(entries), { code: 'tlog.bundle' })
})
