// Holds the sequencer: it takes durable records off the spool, gives each its index, and moves the log forward.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { parseCheckpoint } from '../tlog/checkpoint.ts'
import { Edge } from '../tlog/edge.ts'
import { leafHash, sameHash } from '../tlog/hash.ts'
import { noteVerifier, openNote, parseVkey } from '../tlog/note.ts'
import { TILE_WIDTH, type TileRef } from '../tlog/tile.ts'
import { Bundles } from './bundles.ts'
import { syncDirectory } from './durable-file.ts'
import { fault } from './faults.ts'
import { indexRow } from './index-row.ts'
import { LogFiles } from './log-files.ts'
import { LogState, type LogHead } from './log-state.ts'
import type { Position } from './segment.ts'
import { SpoolCursor } from './spool-cursor.ts'
import { dropTaken } from './spool-scan.ts'

/** Records of one step: bounds its time, so that checkpoints keep coming under load. */
const STEP_RECORDS = 4096
/** Bytes of one step, for logs of large records: bounds its memory. */
const STEP_BYTES = 8 << 20
/** Full tiles at the right edge whose partial forms a crash may have left. */
const STALE_TILES = Math.ceil((4 * STEP_RECORDS) / TILE_WIDTH)

/** Where things are, and what the log is called. */
export interface SequencerOptions {
  readonly home: string
  readonly origin: string
  /** Verifier key of the log. */
  readonly vkey: string
}

/**
 * One log's sequencer. Order of every step: bundles and tiles durable, then size and root swapped in the database, then the
 * caller signs that size and root, then it is published. A crash between any two is continued by the next step or `open`.
 * After a throw the object is dead: open another.
 */
export class Sequencer {
  readonly #spool: string
  readonly #files: LogFiles
  readonly #state: LogState
  readonly #edge: Edge
  readonly #bundles: Bundles
  readonly #cursor: SpoolCursor
  #head: LogHead
  /** Tiles that are full but not yet under a published checkpoint. */
  #filled: TileRef[]

  /** Takes the log over and checks that tiles, database and published checkpoint tell one story. */
  constructor(options: SequencerOptions) {
    const { home, origin, vkey } = options
    this.#spool = join(home, 'spool')
    this.#files = new LogFiles(join(home, 'log'))
    mkdirSync(this.#spool, { recursive: true, mode: 0o700 })
    mkdirSync(this.#files.directory, { recursive: true, mode: 0o700 })
    syncDirectory(home)
    this.#state = new LogState(join(home, 'log-state.sqlite'), origin)
    this.#head = this.#state.head()
    this.#edge = loadEdge(this.#head, this.#files)
    checkPublished(this.#head, this.#files, vkey, this.#edge)
    const { size, position } = this.#head
    const index = Math.floor(size / TILE_WIDTH)
    const width = size % TILE_WIDTH
    const begun = width === 0 ? [] : this.#files.readEntries(index, width)
    this.#bundles = new Bundles(index, begun)
    this.#cursor = new SpoolCursor(this.#spool, position)
    this.#filled = staleTiles(size)
    dropTaken(this.#spool, position)
  }

  /** Where the log stands, as committed. */
  get head(): LogHead {
    return this.#head
  }

  /** Sequences the next records before `goal`, the end of a durable batch; false once the log has reached it. */
  step(goal: Position): boolean {
    const entries: Buffer[] = []
    let bytes = 0
    while (entries.length < STEP_RECORDS && bytes < STEP_BYTES) {
      const batch = this.#cursor.next(goal)
      if (batch === undefined) break
      for (const payload of batch) {
        entries.push(payload)
        bytes += payload.length
      }
    }
    if (entries.length === 0) return false
    const leaves = entries.map((entry) => leafHash(entry))
    const writes = [...this.#bundles.append(entries), ...this.#edge.append(leaves).tiles]
    for (const write of writes) {
      this.#files.writeTile(write.ref, write.bytes)
      if (write.ref.width === TILE_WIDTH) this.#filled.push(write.ref)
    }
    this.#files.syncNames()
    const { size, position } = this.#head
    const next = { size: this.#edge.size, root: this.#edge.root(), position: this.#cursor.position }
    const rows = entries.map((entry, i) => indexRow(entry, leaves[i] as Uint8Array))
    this.#state.commit(size, next, rows)
    this.#head = next
    if (next.position.segment > position.segment) dropTaken(this.#spool, next.position)
    return true
  }

  /** Publishes a signed checkpoint of a size that is committed, and clears what no reader of it needs. */
  publish(size: number, note: string): void {
    this.#files.publish(note)
    const covered = this.#filled.filter((ref) => isUnder(ref, size))
    for (const { level, index } of covered) this.#files.prune(level, index)
    this.#filled = this.#filled.filter((ref) => !isUnder(ref, size))
  }

  close(): void {
    this.#cursor.close()
    this.#state.close()
  }
}

function loadEdge(head: LogHead, files: LogFiles): Edge {
  let edge: Edge
  try {
    edge = Edge.load(head.size, files.readHashes)
  } catch (cause) {
    throw fault('audit.corrupt', `the tiles at size ${head.size} cannot be read`, cause)
  }
  if (!sameHash(edge.root(), head.root)) {
    throw fault('audit.corrupt', `the tiles at size ${head.size} do not have the committed root`)
  }
  return edge
}

/** The published checkpoint may lag behind the database, never lead it, and never tell another story. */
function checkPublished(head: LogHead, files: LogFiles, vkey: string, edge: Edge): void {
  const text = files.checkpoint()
  if (text === undefined) return
  let published
  try {
    published = parseCheckpoint(openNote(text, [noteVerifier(parseVkey(vkey))]).body)
  } catch (cause) {
    throw fault('audit.key', 'the published checkpoint is not signed by this log key', cause)
  }
  if (published.size > head.size) {
    const sizes = `${published.size} records are published, log-state.sqlite knows ${head.size}`
    throw fault('audit.rolled_back', sizes)
  }
  if (published.size === head.size && !sameHash(published.root, edge.root())) {
    throw fault('audit.corrupt', `the published root at size ${head.size} is not the committed one`)
  }
}

function isUnder(ref: TileRef, size: number): boolean {
  const level = ref.level === 'entries' ? 0 : ref.level
  return (ref.index + 1) * TILE_WIDTH ** (level + 1) <= size
}

function staleTiles(size: number): TileRef[] {
  const refs: TileRef[] = []
  for (let level = 0; TILE_WIDTH ** (level + 1) <= size; level++) {
    const full = Math.floor(size / TILE_WIDTH ** (level + 1))
    for (let index = Math.max(0, full - STALE_TILES); index < full; index++) {
      refs.push({ level, index, width: TILE_WIDTH })
      if (level === 0) refs.push({ level: 'entries', index, width: TILE_WIDTH })
    }
  }
  return refs
}
