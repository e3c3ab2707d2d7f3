// Holds what somebody does to a segment of the spool who can write the disk and compute checksums.

import assert from 'node:assert/strict'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { utf8 } from '../std/bytes.ts'
import {
  BATCH_HEAD,
  checksumFrames,
  decodeFrames,
  encodeBatchHead,
  findMagic,
  FRAME_HEAD,
} from './frame.ts'
import { chunkOf } from './testbed.test.ts'

/** Puts other words of the same length into a segment, and makes every checksum of its batch right again. */
export function editSegment(path: string, from: string, to: string): void {
  const bytes = readFileSync(path)
  const at = bytes.indexOf(from)
  assert.notEqual(at, -1)
  bytes.write(to, at)
  let batch = findMagic(bytes, 0)
  for (let next = batch; next >= 0 && next < at; next = findMagic(bytes, next + 1)) batch = next
  let start = batch + BATCH_HEAD
  let end = start + FRAME_HEAD + bytes.readUInt32BE(start)
  while (end <= at) {
    start = end
    end = start + FRAME_HEAD + bytes.readUInt32BE(start)
  }
  checksumFrames(bytes.subarray(start, end))
  const fd = openSync(path, 'r+')
  writeSync(fd, bytes, 0, bytes.length, 0)
  closeSync(fd)
}

// Whoever imports this file wants what it holds; only run by itself does it test that.
if (import.meta.main) {
  test('an edited segment is as good as the one before', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bailiwick-edit-'))
    const chunk = chunkOf([utf8('{"a":"one"}'), utf8('{"a":"two"}')])
    const frames = checksumFrames(chunk)
    const head = encodeBatchHead({ segment: 1, batch: 1, frames, bytes: chunk.length })
    const path = join(folder, 'segment')
    writeFileSync(path, Buffer.concat([head, chunk]))
    editSegment(path, 'two', 'six')
    const payloads = decodeFrames(readFileSync(path).subarray(BATCH_HEAD))
    assert.deepEqual(payloads?.map(String), ['{"a":"one"}', '{"a":"six"}'])
    rmSync(folder, { recursive: true })
  })
}
