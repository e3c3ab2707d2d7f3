// Holds the writing side of one shard: entries become bundles and tiles, a signed note becomes its published checkpoint.

import { parseCheckpoint } from '../tlog/checkpoint.ts'
import { Edge } from '../tlog/edge.ts'
import { sameHash } from '../tlog/hash.ts'
import { openNote, type NoteVerifier } from '../tlog/note.ts'
import { TILE_WIDTH, type TileRef } from '../tlog/tile.ts'
import { Bundles } from './bundles.ts'
import { fault } from './faults.ts'
import type { LogFiles } from './log-files.ts'
import type { ShardHead } from './shard.ts'

/** Full tiles at the right edge whose partial forms a crash may have left: what four steps of 4,096 records fill. */
const STALE_TILES = 64

/**
 * One shard's tiles. What `append` writes is durable but for its names (`syncNames`), and belongs to no published tree until
 * its size is committed and signed. After a throw the object is dead: open another at what was committed.
 */
export class ShardWriter {
  readonly #files: LogFiles
  readonly #name: string
  readonly #base: number
  readonly #edge: Edge
  readonly #bundles: Bundles
  /** Tiles that are full but not yet under a published checkpoint. */
  #filled: TileRef[]

  /**
   * Takes a shard up where it was committed, and checks that tiles and published checkpoint tell the same story.
   * Throws `audit.corrupt`, `audit.rolled_back`, `audit.key`.
   */
  constructor(files: LogFiles, head: ShardHead, verifier: NoteVerifier) {
    this.#files = files
    this.#name = head.name
    this.#base = head.base
    this.#edge = loadEdge(head, files)
    checkPublished(head, files, verifier)
    const { size } = head
    const index = Math.floor(size / TILE_WIDTH)
    const width = size % TILE_WIDTH
    this.#bundles = new Bundles(index, width === 0 ? [] : files.readEntries(index, width))
    this.#filled = staleTiles(size)
    dropUncommitted(size, files)
  }

  /** The shard with everything that was appended. */
  get head(): ShardHead {
    return {
      name: this.#name,
      base: this.#base,
      size: this.#edge.size,
      root: this.#edge.root(),
    }
  }

  /** Writes what these entries fill or change; `leaves` are their leaf hashes. */
  append(entries: readonly Uint8Array[], leaves: readonly Uint8Array[]): void {
    const writes = [...this.#bundles.append(entries), ...this.#edge.append(leaves).tiles]
    for (const write of writes) {
      this.#files.writeTile(write.ref, write.bytes)
      if (write.ref.width === TILE_WIDTH) this.#filled.push(write.ref)
    }
    this.#files.syncNames()
  }

  /** Publishes a signed checkpoint of a size that is committed, and clears what no reader of it needs. */
  publish(size: number, note: string): void {
    this.#files.publish(note)
    const covered = this.#filled.filter((ref) => isUnder(ref, size))
    for (const { level, index } of covered) this.#files.prune(level, index)
    this.#filled = this.#filled.filter((ref) => !isUnder(ref, size))
  }
}

/** Size under the published checkpoint of a shard; -1 where there is none. Throws as `ShardWriter` does. */
export function checkPublished(head: ShardHead, files: LogFiles, verifier: NoteVerifier): number {
  const text = files.checkpoint()
  if (text === undefined) return -1
  let published
  try {
    published = parseCheckpoint(openNote(text, [verifier]).body)
  } catch (cause) {
    throw fault('audit.key', 'the published checkpoint is not signed by this log key', cause)
  }
  if (published.origin !== verifier.name) {
    throw fault('audit.corrupt', 'the published checkpoint is of another log')
  }
  if (published.size > head.size) {
    const sizes = `${published.size} records are published, log-state.sqlite knows ${head.size}`
    throw fault('audit.rolled_back', sizes)
  }
  if (published.size === head.size && !sameHash(published.root, head.root)) {
    throw fault('audit.corrupt', `the published root at size ${head.size} is not the committed one`)
  }
  return published.size
}

function loadEdge(head: ShardHead, files: LogFiles): Edge {
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

/** What a step wrote that was never committed is of no tree; where another order came of it, it would contradict the one that did. */
function dropUncommitted(size: number, files: LogFiles): void {
  // The level above the last that has anything is looked at as well: that step may have been the first to reach it.
  for (let level = 0, count = size; ; level++, count = Math.floor(count / TILE_WIDTH)) {
    const [index, width] = [Math.floor(count / TILE_WIDTH), count % TILE_WIDTH]
    files.dropBeyond(level, index, width)
    if (level === 0) files.dropBeyond('entries', index, width)
    if (count === 0) return
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
