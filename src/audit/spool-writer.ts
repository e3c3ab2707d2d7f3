// Holds the writing side of the spool: batches go to the current segment, and a full segment hands over to the next.

import { createHash } from 'node:crypto'

import { base64url } from '../std/bytes.ts'
import { leafHash } from '../tlog/hash.ts'
import { BATCH_HEAD, checksumFrames, encodeBatchHead, FRAME_HEAD } from './frame.ts'
import type { SegmentFile, SpoolDisk } from './segment-file.ts'
import type { DurableBatch } from './durable-batch.ts'
import {
  encodeSegmentHead,
  SEGMENT_HEAD,
  type Position,
  type SegmentEnd,
  type SegmentHead,
} from './segment.ts'

/** Largest run of frames in one batch, unless a single chunk is larger: bounds what a reader holds at once. */
const BATCH_MAX = 1 << 20

/** What a writer needs to know. */
export interface SpoolWriterOptions {
  readonly directory: string
  readonly gateway: string
  readonly boot: string
  /** Key id of the log key. */
  readonly key: string
  /** Bytes of a segment file. */
  readonly segmentBytes: number
  /** Bytes of the segment that is kept for a full disk. */
  readonly keptBytes: number
  /** Number of this boot's first segment. */
  readonly first: number
  /** How the spool ended that this boot found. */
  readonly previous?: SegmentEnd
}

/** What one batch made durable. */
export interface Flushed extends DurableBatch {
  /** Chunks of those given that are durable now, from the front. */
  readonly chunks: number
}

/**
 * Writes one boot's part of the spool. Any throw is final: a failed fdatasync leaves pages that look clean and are not, so
 * nothing is tried again on the same file and the caller fails whatever was waiting.
 */
export class SpoolWriter {
  readonly #disk: SpoolDisk
  readonly #options: SpoolWriterOptions
  #directory: string
  #segment: number
  #file: SegmentFile
  #offset = SEGMENT_HEAD
  #batch = 0
  /** The newest chunk, for the hash that the next segment's header carries. */
  #newest: Buffer | undefined

  constructor(options: SpoolWriterOptions, disk: SpoolDisk) {
    this.#options = options
    this.#disk = disk
    this.#directory = options.directory
    this.#segment = options.first
    this.#file = this.#open(this.#directory, this.#segment, options.previous)
  }

  /** End of the durable spool. */
  get position(): Position {
    return { segment: this.#segment, offset: this.#offset }
  }

  /** How the chain ends as far as it is durable: what the header of a next segment says. */
  get end(): SegmentEnd {
    const newest = this.#newest
    const last = newest === undefined ? '' : base64url(leafHash(lastPayload(newest)))
    return { segment: this.#segment, end: this.#offset, last }
  }

  /** Bytes left in the segment that is being written. */
  get left(): number {
    return Math.max(0, this.#file.bytes - this.#offset - BATCH_HEAD)
  }

  /** Folder of the segment that is being written. */
  get directory(): string {
    return this.#directory
  }

  /**
   * Writes as many chunks from the front as fit one batch, with one write and one fdatasync. A chunk is frames laid end
   * to end with empty checksums, which are filled in here, off the request thread. Throws `NoRoom` where a next segment is needed
   * and cannot be had: nothing was written then, and the writer is as good as before.
   */
  flush(chunks: readonly Buffer[]): Flushed {
    let [taken, bytes] = this.#fitting(chunks)
    if (taken === 0) {
      this.#rotate()
      ;[taken, bytes] = this.#fitting(chunks)
      // INVARIANT: options.ts and spool.ts keep the smallest segment larger than the largest chunk.
      if (taken === 0) throw new Error('a chunk is larger than a segment')
    }
    const batch = chunks.slice(0, taken)
    let frames = 0
    for (const chunk of batch) frames += checksumFrames(chunk)
    this.#batch += 1
    const head = encodeBatchHead({ segment: this.#segment, batch: this.#batch, frames, bytes })
    this.#file.write([head, ...batch], this.#offset)
    this.#file.sync()
    // A removed file takes records without an error; it must not acknowledge them.
    this.#file.check()
    this.#offset += BATCH_HEAD + bytes
    this.#newest = batch.at(-1)
    return { chunks: taken, position: this.position, digest: digestOf(head, batch) }
  }

  close(): void {
    this.#file.close()
  }

  /**
   * Goes on in another folder with the next segment, which names the end of this one. Throws what opening it throws, and stays then:
   * unless it is `HalfBegun`, when nothing more may be written here either.
   */
  move(directory: string): void {
    this.#rotate(directory)
  }

  #fitting(chunks: readonly Buffer[]): [number, number] {
    const { left } = this
    let taken = 0
    let bytes = 0
    for (const chunk of chunks) {
      const next = bytes + chunk.byteLength
      if (next > left || (taken > 0 && next > BATCH_MAX)) break
      bytes = next
      taken += 1
    }
    return [taken, bytes]
  }

  #rotate(directory: string = this.#directory): void {
    const { end } = this
    // Opened first: without room for it, the old one is not given up.
    const file = this.#open(directory, this.#segment + 1, end)
    const full = this.#file
    this.#file = file
    this.#directory = directory
    this.#segment += 1
    this.#offset = SEGMENT_HEAD
    this.#batch = 0
    this.#newest = undefined
    // What it held is durable. Should this throw, the chain goes on behind the new segment.
    full.close()
  }

  /** The header is durable before the first batch, so a segment without one holds nothing acknowledged. */
  #open(directory: string, segment: number, previous: SegmentEnd | undefined): SegmentFile {
    const { gateway, boot, key, segmentBytes } = this.#options
    const head: SegmentHead = { gateway, boot, segment, key }
    const file = this.#disk.activate(directory, segment, segmentBytes)
    try {
      file.write([encodeSegmentHead(previous === undefined ? head : { ...head, previous })], 0)
      file.sync()
    } catch (error) {
      file.discard()
      throw error
    }
    return file
  }
}

/** Of the bytes in memory, and not of the file: what is read back has to be what was written. */
function digestOf(head: Uint8Array, chunks: readonly Buffer[]): string {
  const digest = createHash('sha256').update(head)
  for (const chunk of chunks) digest.update(chunk)
  return digest.digest('base64url')
}

function lastPayload(chunk: Buffer): Buffer {
  let start = 0
  let end = 0
  while (end < chunk.length) {
    start = end + FRAME_HEAD
    end = start + chunk.readUInt32BE(end)
  }
  return chunk.subarray(start, end)
}
