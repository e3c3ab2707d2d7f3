// Holds the reading of kept calls: frame by frame from any place on, in the order in which they were written.

import type { Entropy } from '../../std/entropy.ts'
import { Fault } from '../../std/fault.ts'
import { isObject, parseJson, type Json } from '../../std/json.ts'
import type { Sealer } from '../../keys/ring.ts'
import type { TrafficEntry } from '../../wire/traffic.ts'
import { readEntry } from './entry.ts'
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
  /** Calls that were not kept before these. */
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
      yield* framesOf(reader, name, since, from?.file === name ? from : undefined)
    } finally {
      reader.close()
    }
  }
}

function* framesOf(
  reader: TrafficReader,
  file: string,
  since: number,
  from: TrafficPlace | undefined,
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
    else yield { ...entriesOf(frame.lines, since), next }
  }
}

function entriesOf(text: Uint8Array, since: number): Omit<TrafficBatch, 'next'> {
  const [head, ...lines] = linesOf(text)
  const first = head === undefined ? undefined : treeOf(head)
  const dropped = isObject(first) && typeof first['dropped'] === 'number' ? first['dropped'] : 0
  const read = lines.map(entryOf)
  const entries = read.filter((entry) => entry !== undefined && entry.request.now >= since)
  return {
    entries: entries.filter((entry) => entry !== undefined),
    dropped,
    damaged: read.filter((entry) => entry === undefined).length,
  }
}

/** What opened is what we sealed; a later version may have written lines that this one does not know. */
function entryOf(line: Uint8Array): TrafficEntry | undefined {
  try {
    return readEntry(line)
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
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
