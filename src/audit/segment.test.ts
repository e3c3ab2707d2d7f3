// Holds the tests of a segment's header and name.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import {
  decodeSegmentHead,
  encodeSegmentHead,
  parseSegmentName,
  SEGMENT_HEAD,
  segmentName,
} from './segment.ts'

const first = { gateway: 'gw', boot: 'b', segment: 1, key: '00ff' }

test('a header comes back, with and without a segment before', () => {
  assert.deepEqual(decodeSegmentHead(Buffer.from(encodeSegmentHead(first))), first)
  const second = { ...first, segment: 2, previous: { segment: 1, end: 4096, last: 'AAAA' } }
  const bytes = Buffer.from(encodeSegmentHead(second))
  assert.equal(bytes.length, SEGMENT_HEAD)
  assert.deepEqual(decodeSegmentHead(bytes), second)
})

test('zeros, a cut header and a changed one are none', () => {
  assert.equal(decodeSegmentHead(Buffer.alloc(SEGMENT_HEAD)), undefined)
  const bytes = Buffer.from(encodeSegmentHead(first))
  assert.equal(decodeSegmentHead(bytes.subarray(0, 100)), undefined)
  bytes[20] = (bytes[20] ?? 0) ^ 1
  assert.equal(decodeSegmentHead(bytes), undefined)
})

test('a segment is named by its number in ten digits', () => {
  assert.equal(segmentName(12), '0000000012.seg')
  assert.equal(parseSegmentName('0000000012.seg'), 12)
  for (const name of ['12.seg', 'reserve', '0000000000.seg', '0000000012.seg.tmp']) {
    assert.equal(parseSegmentName(name), undefined)
  }
})
