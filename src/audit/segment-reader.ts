// Holds the reading side of one spool segment; the same code reads after a crash and every day.

import { createHash } from 'node:crypto'
import { closeSync, constants, fdatasyncSync, fstatSync, openSync, readSync } from 'node:fs'

import { BATCH_HEAD, decodeBatchHead, decodeFrames, findMagic, type BatchHead } from './frame.ts'
import { decodeSegmentHead, SEGMENT_HEAD, segmentName, type SegmentHead } from './segment.ts'
import { segmentPath } from './spool-places.ts'

const WINDOW = 1 << 20
const ZEROS = Buffer.alloc(WINDOW)

/** A good batch. */
export interface Batch {
  readonly head: BatchHead
  /** Records in order, as views into memory that is not used again. */
  readonly payloads: readonly Buffer[]
  /** Where the next batch would start. */
  readonly end: number
  /** SHA-256 of its bytes, head included, base64url. */
  readonly digest: () => string
}

/** One segment, open for reading. */
export class SegmentReader {
  /** File name, for messages. */
  readonly name: string
  readonly segment: number
  /** Bytes of the file. */
  readonly size: number
  /** Undefined where the header is not whole: the segment was about to be begun. */
  readonly head: SegmentHead | undefined
  readonly #fd: number
  #window: Buffer = Buffer.alloc(0)
  #windowAt = 0

  /** Throws what `open` throws; ENOENT where there is no such segment. A link under its name is none. */
  constructor(directory: string, segment: number) {
    this.segment = segment
    this.name = segmentName(segment)
    const path = segmentPath(directory, segment)
    this.#fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW)
    this.size = fstatSync(this.#fd).size
    this.head = decodeSegmentHead(this.#read(0, SEGMENT_HEAD, SEGMENT_HEAD))
  }

  /** The batch at `offset`, of which nothing beyond `limit` is looked at; undefined unless it is there, whole and good. */
  batchAt(offset: number, limit: number = this.size): Batch | undefined {
    const headBytes = this.#read(offset, BATCH_HEAD, limit)
    const head = decodeBatchHead(headBytes, 0)
    if (head === undefined || head.segment !== this.segment) return undefined
    const start = offset + BATCH_HEAD
    if (start + head.bytes > limit) return undefined
    const frames = this.#read(start, head.bytes, limit)
    const payloads = decodeFrames(frames)
    if (payloads === undefined || payloads.length !== head.frames) return undefined
    const digest = (): string =>
      createHash('sha256').update(headBytes).update(frames).digest('base64url')
    return { head, payloads, end: start + head.bytes, digest }
  }

  /** Offset of the first good batch that starts behind `offset`, wherever that is. */
  batchBehind(offset: number): number | undefined {
    for (let at = offset + 1; at < this.size;) {
      const window = this.#read(at, WINDOW, this.size)
      const hit = findMagic(window, 0)
      if (hit >= 0 && this.batchAt(at + hit) !== undefined) return at + hit
      if (hit >= 0) at += hit + 1
      else if (at + window.length >= this.size || window.length < BATCH_HEAD) return undefined
      // The magic may lie across two windows.
      else at += window.length - BATCH_HEAD
    }
    return undefined
  }

  /** Bytes from `offset` to the last one that is not zero. */
  tail(offset: number): number {
    let bytes = 0
    for (let at = offset; at < this.size; at += WINDOW) {
      const window = this.#read(at, WINDOW, this.size)
      if (window.equals(ZEROS.subarray(0, window.length))) continue
      bytes = at - offset + window.findLastIndex((byte) => byte !== 0) + 1
    }
    return bytes
  }

  /** Makes what is read here durable: after a crash of the process alone it may stand only in the page cache. */
  sync(): void {
    fdatasyncSync(this.#fd)
  }

  close(): void {
    closeSync(this.#fd)
  }

  /** Up to `length` bytes at `offset`, fewer at `limit`. */
  #read(offset: number, length: number, limit: number): Buffer {
    const end = Math.min(offset + length, limit)
    const at = offset - this.#windowAt
    if (at >= 0 && end - this.#windowAt <= this.#window.length) {
      return this.#window.subarray(at, Math.max(at, end - this.#windowAt))
    }
    // Nothing beyond the limit is kept: it may still be changing.
    const wanted = Math.max(0, Math.min(Math.max(length, WINDOW), limit - offset))
    const bytes = Buffer.allocUnsafeSlow(wanted)
    let filled = 0
    while (filled < wanted) {
      const more = readSync(this.#fd, bytes, filled, wanted - filled, offset + filled)
      if (more === 0) break
      filled += more
    }
    this.#window = bytes.subarray(0, filled)
    this.#windowAt = offset
    return this.#window.subarray(0, Math.max(0, Math.min(filled, end - offset)))
  }
}
