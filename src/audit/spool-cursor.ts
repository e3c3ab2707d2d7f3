// Holds the walk through the spool from a position to a later one, across segments, checking every link of the chain.

import { base64url } from '../std/bytes.ts'
import { leafHash } from '../tlog/hash.ts'
import { DurableBatches, type DurableBatch } from './durable-batch.ts'
import { fault } from './faults.ts'
import { SegmentReader } from './segment-reader.ts'
import { comparePositions, SEGMENT_HEAD, segmentName, type Position } from './segment.ts'

/** Reads durable batches in order. What it cannot read before its goal was acknowledged and is damaged: `audit.corrupt`. */
export class SpoolCursor {
  readonly #directory: string
  #position: Position
  #reader: SegmentReader | undefined
  readonly #written = new DurableBatches()
  /** The record of this segment before the position, where it was read here; hashed only where a segment ends. */
  #last: Buffer | undefined

  constructor(directory: string, position: Position) {
    this.#directory = directory
    this.#position = position
  }

  /** Where the next batch starts. */
  get position(): Position {
    return this.#position
  }

  /** Says what this process has written: from here on nothing else is taken in its place. */
  expect(batches: readonly DurableBatch[]): void {
    this.#written.add(batches)
  }

  /** Records of the next batch before `goal`, which is the end of a durable batch; undefined once the goal is reached. */
  next(goal: Position): readonly Buffer[] | undefined {
    while (comparePositions(this.#position, goal) < 0) {
      const { segment, offset } = this.#position
      this.#reader ??= this.#open(segment)
      const end = segment === goal.segment ? goal.offset : this.#endOf(segment)
      if (offset === end) {
        this.#enter(segment + 1)
        continue
      }
      const batch = this.#reader.batchAt(offset, end)
      if (batch === undefined) throw damaged(segment, offset, 'an acknowledged batch is damaged')
      this.#position = { segment, offset: batch.end }
      this.#written.read(this.#position, batch.digest)
      this.#last = batch.payloads.at(-1)
      return batch.payloads
    }
    return undefined
  }

  close(): void {
    this.#reader?.close()
    this.#reader = undefined
  }

  #enter(segment: number): void {
    this.close()
    this.#reader = this.#open(segment)
    this.#position = { segment, offset: SEGMENT_HEAD }
    // A segment whose first batch was torn holds none, and its successor names none: not the last of the one before.
    this.#last = undefined
  }

  /** End of a segment that has a successor: the successor's header says it, and names the last record. */
  #endOf(segment: number): number {
    const next = this.#open(segment + 1)
    try {
      const previous = next.head?.previous
      if (previous === undefined || previous.segment !== segment) {
        throw damaged(segment + 1, 0, 'the header does not name the segment before')
      }
      const atEnd = this.#position.offset === previous.end
      const last = this.#last && base64url(leafHash(this.#last))
      if (atEnd && last !== undefined && last !== previous.last) {
        throw damaged(
          segment,
          previous.end,
          'the last record is not the one that the next segment names',
        )
      }
      return previous.end
    } finally {
      next.close()
    }
  }

  #open(segment: number): SegmentReader {
    return openSegment(this.#directory, segment)
  }
}

/** Opens a segment that has to exist. Throws `audit.corrupt` where it does not. */
export function openSegment(directory: string, segment: number): SegmentReader {
  try {
    return new SegmentReader(directory, segment)
  } catch (cause) {
    throw damaged(segment, 0, 'the segment cannot be opened', cause)
  }
}

/** `audit.corrupt` at a place of the spool. */
export function damaged(segment: number, offset: number, what: string, cause?: unknown): Error {
  return fault('audit.corrupt', `spool/${segmentName(segment)} at byte ${offset}: ${what}`, cause)
}
