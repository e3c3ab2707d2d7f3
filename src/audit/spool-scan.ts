// Holds the look at a spool that some earlier process left: where it really ends, and whether it is whole up to there.

import { base64url } from '../std/bytes.ts'
import { leafHash } from '../tlog/hash.ts'
import type { SegmentReader } from './segment-reader.ts'
import { SEGMENT_HEAD, type Position, type SegmentEnd } from './segment.ts'
import { damaged, openSegment } from './spool-cursor.ts'
import { presentSegments, removeSegment } from './spool-places.ts'

/** What was found. */
export interface SpoolScan {
  /** How the spool ends; undefined where nothing was ever written. */
  readonly end?: SegmentEnd
  /** Bytes of a torn batch behind the end; nobody got an acknowledgement for them. */
  readonly torn: number
}

/**
 * Finds the end of the spool. `taken` is how far a log of `size` records has read it. The last segment ends at its
 * first batch that is not good; a good one behind that makes it damage, not a torn tail. Throws `audit.corrupt`.
 */
export function scanSpool(directory: string, taken: Position, size: number): SpoolScan {
  const segments = presentSegments(directory)
  dropUnbegun(directory, segments)
  const last = segments.at(-1)
  // A log that is new, or was restored from a backup, has taken nothing from this spool yet.
  const unread = size === 0 || (taken.segment === 1 && taken.offset === SEGMENT_HEAD)
  if (last === undefined && unread) return { torn: 0 }
  if (last === undefined || last < taken.segment) {
    throw damaged(taken.segment, 0, 'the segment that the log was reading is gone')
  }
  for (let segment = taken.segment; segment < last; segment++) {
    if (!segments.includes(segment)) throw damaged(segment, 0, 'the segment is missing')
  }
  for (let segment = taken.segment; ; segment++) {
    if (!segments.includes(segment)) throw damaged(segment, 0, 'the segment is missing')
    const reader = openSegment(directory, segment)
    try {
      reader.sync()
      if (reader.head === undefined) throw damaged(segment, 0, 'the header is damaged')
      if (segment === last) return endOf(reader, taken)
    } finally {
      reader.close()
    }
  }
}

/** Removes every segment before the one in which the log goes on reading: all of it is in tiles, durably. */
export function dropTaken(directory: string, taken: Position): void {
  for (const segment of presentSegments(directory)) {
    if (segment < taken.segment) removeSegment(directory, segment)
  }
}

/** A crash between the file's name and its header leaves a segment that nothing was written to. */
function dropUnbegun(directory: string, segments: number[]): void {
  const last = segments.at(-1)
  if (last === undefined) return
  const reader = openSegment(directory, last)
  const unbegun = reader.head === undefined && reader.batchBehind(-1) === undefined
  reader.close()
  if (!unbegun) return
  removeSegment(directory, last)
  segments.pop()
}

function endOf(reader: SegmentReader, taken: Position): SpoolScan {
  let offset = SEGMENT_HEAD
  let number = 0
  let newest: Buffer | undefined
  for (;;) {
    const batch = reader.batchAt(offset)
    if (batch === undefined || batch.head.batch !== number + 1) break
    number += 1
    newest = batch.payloads.at(-1)
    offset = batch.end
  }
  const behind = reader.batchBehind(offset - 1)
  if (behind !== undefined) {
    throw damaged(reader.segment, offset, `a batch is damaged, and a good one follows at ${behind}`)
  }
  if (taken.segment === reader.segment && taken.offset > offset) {
    throw damaged(reader.segment, offset, 'a batch is damaged that the log had already read')
  }
  const last = newest === undefined ? '' : base64url(leafHash(newest))
  return { end: { segment: reader.segment, end: offset, last }, torn: reader.tail(offset) }
}
