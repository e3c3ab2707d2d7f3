// Holds the reading of kept calls: frame by frame from any place on, in the order in which they were written.

import { join } from 'node:path'
import type { Entropy } from '../../std/entropy.ts'
import { Fault } from '../../std/fault.ts'
import { isObject, parseJson, type Json } from '../../std/json.ts'
import type { Sealer } from '../../keys/ring.ts'
import type { TrafficEntry } from '../../wire/traffic.ts'
import { subjectOf, type Subjects } from '../side/subjects.ts'
import { readEntry, readSealedLine } from './entry.ts'
import { ENTRY_CONTEXT } from './traffic.ts'
import { dayOf, trafficFiles } from './folder.ts'
import { TrafficReader } from './traffic-file.ts'

/** Where reading goes on. */
export interface TrafficPlace {
  /** Name of a file. */
  readonly file: string
  readonly frame: number
  readonly offset: number
}

/** One frame's worth. */
export interface TrafficBatch {
  readonly entries: readonly TrafficEntry[]
  /** Calls that were not kept before these, and those that were erased with their person since. */
  readonly dropped: number
  /** Frames that were changed, files whose key does not open, and lines that say nothing. */
  readonly damaged: number
  /** Where the next frame begins. */
  readonly next: TrafficPlace
}

/** What reading needs. */
export interface TrafficSource {
  readonly folder: string
  readonly keys: Sealer
  readonly subjects: Pick<Subjects, 'open'>
  readonly entropy: Entropy
}

/**
 * Frames with calls of `since` (ms) or later, from a place on. Synchronous between two frames, so whoever asks decides when others
 * have a turn. A file that is deleted meanwhile is passed over.
 */
export function* trafficSince(
  source: TrafficSource,
  since: number,
  from?: TrafficPlace,
): Generator<TrafficBatch> {
  const day = dayOf(Math.max(0, since))
  const files = trafficFiles(source.folder).filter((file) => file.day >= day)
  const start = from === undefined ? 0 : files.findIndex(({ name }) => name === from.file)
  for (const { name, path } of start < 0 ? [] : files.slice(start)) {
    let reader: TrafficReader
    try {
      reader = new TrafficReader(path, name, source.keys, source.entropy)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') continue
      throw error
    }
    try {
      yield* framesOf(reader, name, {
        since,
        subjects: source.subjects,
        ...(from?.file === name && { from }),
      })
    } finally {
      reader.close()
    }
  }
}

/** What is read of a file. */
interface Reading {
  readonly since: number
  readonly subjects: TrafficSource['subjects']
  readonly from?: TrafficPlace
}

function* framesOf(
  reader: TrafficReader,
  file: string,
  { since, subjects, from }: Reading,
): Generator<TrafficBatch> {
  let number = from?.frame ?? 0
  let offset = from?.offset ?? reader.first
  if (!reader.readable) {
    yield { entries: [], dropped: 0, damaged: 1, next: { file, frame: number, offset } }
    return
  }
  for (;;) {
    const frame = reader.frame(number, offset)
    if (frame.kind === 'end') return
    number++
    offset = frame.next
    const next = { file, frame: number, offset }
    if (frame.kind === 'damaged') yield { entries: [], dropped: 0, damaged: 1, next }
    else yield { ...entriesOf(frame.lines, since, subjects), next }
  }
}

function entriesOf(
  text: Uint8Array,
  since: number,
  subjects: TrafficSource['subjects'],
): Omit<TrafficBatch, 'next'> {
  const [head, ...lines] = linesOf(text)
  const first = head === undefined ? undefined : treeOf(head)
  const dropped = isObject(first) && typeof first['dropped'] === 'number' ? first['dropped'] : 0
  const read = lines.map((line) => entryOf(line, subjects))
  const entries = read.filter((entry) => typeof entry === 'object')
  return {
    entries: entries.filter((entry) => entry.request.now >= since),
    dropped: dropped + read.filter((entry) => entry === 'erased').length,
    damaged: read.filter((entry) => entry === undefined).length,
  }
}

/** What opened is what we sealed; a later version may have written lines that this one does not know. */
function entryOf(
  line: Uint8Array,
  subjects: TrafficSource['subjects'],
): TrafficEntry | 'erased' | undefined {
  try {
    const sealed = readSealedLine(line)
    if (sealed === undefined) return readEntry(line)
    const plain = subjects.open(sealed.subject, sealed.sealed, ENTRY_CONTEXT)
    return plain === undefined ? 'erased' : readEntry(plain)
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}

/** True where a file has entries of a person that are under no key of theirs, as files were written before there was one. */
export function holdsPlainly(source: TrafficSource, file: string, subject: string): boolean {
  const reader = new TrafficReader(join(source.folder, file), file, source.keys, source.entropy)
  try {
    let offset = reader.first
    for (let number = 0; ; number++) {
      const frame = reader.frame(number, offset)
      if (frame.kind === 'end') return false
      offset = frame.next
      if (frame.kind === 'damaged') continue
      const [, ...lines] = linesOf(frame.lines)
      // Files are of one form from their first line to their last.
      if (lines[0] !== undefined && readSealedLine(lines[0]) !== undefined) return false
      for (const line of lines) {
        const entry = entryOf(line, source.subjects)
        if (typeof entry === 'object' && subjectOf(entry.request.person?.id) === subject)
          return true
      }
    }
  } finally {
    reader.close()
  }
}

function treeOf(line: Uint8Array): Json | undefined {
  try {
    return parseJson(line)
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}

function linesOf(text: Uint8Array): Uint8Array[] {
  const out: Uint8Array[] = []
  let start = 0
  for (;;) {
    const end = text.indexOf(0x0a, start)
    out.push(text.subarray(start, end < 0 ? text.byteLength : end))
    if (end < 0) return out
    start = end + 1
  }
}
