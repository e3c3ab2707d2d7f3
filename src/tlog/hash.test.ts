// Holds the tests of the two hashes, against published values.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { hex, sha256, utf8 } from '../std/bytes.ts'
import { EMPTY_ROOT, leafHash, nodeHash, sameHash } from './hash.ts'

test('the hashes are those of RFC 6962', () => {
  assert.equal(hex(EMPTY_ROOT), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  // Both leaves are vectors of Certificate Transparency's own test suite.
  assert.equal(
    hex(leafHash(new Uint8Array())),
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  )
  assert.equal(
    hex(leafHash(utf8('L123456'))),
    '395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56',
  )
  const [left, right] = [leafHash(utf8('a')), leafHash(utf8('b'))]
  assert.notDeepEqual(nodeHash(left, right), nodeHash(right, left))
})

test('one hash does not leak into the next, whatever the order of lengths', () => {
  const long = leafHash(new Uint8Array(70_000).fill(7))
  const short = leafHash(utf8('x'))
  leafHash(new Uint8Array(65_535).fill(9))
  assert.deepEqual(leafHash(utf8('x')), short)
  assert.deepEqual(leafHash(new Uint8Array(70_000).fill(7)), long)
})

test('entries of every length hash as their definition says', () => {
  for (const length of [0, 1, 65_534, 65_535, 65_536, 65_537]) {
    const entry = new Uint8Array(length).fill(3)
    assert.deepEqual(leafHash(entry), sha256(Buffer.concat([Uint8Array.of(0), entry])))
  }
})

test('hashes of another length equal nothing, not even themselves', () => {
  assert.equal(sameHash(EMPTY_ROOT, EMPTY_ROOT.slice()), true)
  assert.equal(sameHash(new Uint8Array(), new Uint8Array()), false)
  assert.equal(sameHash(EMPTY_ROOT, EMPTY_ROOT.subarray(0, 31)), false)
})
