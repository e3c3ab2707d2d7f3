// Holds the growing side of a log: what a sequencer keeps in memory to append without reading the tree again.

import { fault } from './faults.ts'
import { EMPTY_ROOT, HASH_BYTES, nodeHash } from './hash.ts'
import { TILE_WIDTH, tileWidth, type TileRef } from './tile.ts'
import { checkSize, TiledTree, type TileReader } from './tree.ts'

/** A tile of hashes to be written, named by `ref`. */
export interface TileWrite {
  readonly ref: TileRef
  readonly bytes: Uint8Array
}

/** What an append asks to be written. */
export interface Appended {
  /** Full tiles in the order in which they filled, then the partial tile of every level that changed, lowest first. */
  readonly tiles: readonly TileWrite[]
}

/** The partial tile at the right end of one level. `bytes` is handed out when it is full and never touched again. */
interface EdgeTile {
  bytes: Uint8Array
  index: number
  width: number
}

const TILE_BITS = 8
/** Bits of the largest size, 2^53-1. */
const SIZE_BITS = 53

/**
 * The right edge of a tree. An append changes the edge at once, before anything of it is written: where a write fails
 * afterwards, drop the edge and load the last durable size again.
 */
export class Edge {
  #size: number
  /** Roots of the perfect subtrees that the tree consists of: `#peaks[k]` of 2^k leaves, where bit k of the size is set. */
  readonly #peaks: (Uint8Array | undefined)[]
  readonly #levels: EdgeTile[]

  private constructor(size: number, peaks: (Uint8Array | undefined)[], levels: EdgeTile[]) {
    this.#size = size
    this.#peaks = peaks
    this.#levels = levels
  }

  /** The edge of the tree of `size` leaves, from one tile per level. Check `root()` against what was signed. */
  static load(size: number, read: TileReader): Edge {
    checkSize(size)
    const levels: EdgeTile[] = []
    const tiles = new Map<string, Uint8Array>()
    for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / TILE_WIDTH)) {
      const index = Math.floor(count / TILE_WIDTH)
      const width = tileWidth(level, index, size)
      const bytes = new Uint8Array(TILE_WIDTH * HASH_BYTES)
      if (width > 0) {
        const tile = read(level, index, width)
        tiles.set(`${level}/${index}`, tile)
        bytes.set(tile.subarray(0, width * HASH_BYTES))
      }
      levels.push({ bytes, index, width })
    }
    const tree = new TiledTree(size, (level, index) => tiles.get(`${level}/${index}`) ?? NOTHING)
    const peaks: (Uint8Array | undefined)[] = []
    let rest = size
    for (let bit = 0; rest > 0; bit++) {
      const width = 2 ** bit
      if (Math.floor(size / width) % 2 === 0) peaks.push(undefined)
      else {
        peaks.push(tree.hash(rest - width, rest))
        rest -= width
      }
    }
    return new Edge(size, peaks, levels)
  }

  /** Leaves so far. */
  get size(): number {
    return this.#size
  }

  /**
   * Appends leaf hashes (`leafHash`) and gives exactly the tiles to write for the new size: nothing else changed.
   * Throws `tlog.hash` or `tlog.range` before anything has changed.
   */
  append(leaves: readonly Uint8Array[]): Appended {
    checkSize(this.#size + leaves.length)
    for (const leaf of leaves) {
      if (leaf.length !== HASH_BYTES) throw fault('tlog.hash', 'a leaf hash has 32 bytes')
    }
    const tiles: TileWrite[] = []
    let touched = -1
    for (const leaf of leaves) touched = Math.max(touched, this.#push(leaf, tiles))
    for (let level = 0; level <= touched; level++) {
      const { bytes, index, width } = this.#level(level)
      if (width === 0) continue
      tiles.push({ ref: { level, index, width }, bytes: bytes.slice(0, width * HASH_BYTES) })
    }
    return { tiles }
  }

  /** Root of the tree as it is now (RFC 6962 §2.1). */
  root(): Uint8Array {
    let root: Uint8Array | undefined
    for (const peak of this.#peaks) {
      if (peak !== undefined) root = root === undefined ? peak : nodeHash(peak, root)
    }
    return new Uint8Array(root ?? EMPTY_ROOT)
  }

  /** Adds one leaf as a binary counter adds one, a carry being a node; gives the highest level that got a hash. */
  #push(leaf: Uint8Array, full: TileWrite[]): number {
    this.#place(0, leaf, full)
    // A copy (Buffer's own slice is none): a peak outlives the caller's buffer.
    let hash: Uint8Array = new Uint8Array(leaf)
    for (let bit = 0; bit < SIZE_BITS; bit++) {
      const peak = this.#peaks[bit]
      if (peak === undefined) {
        this.#peaks[bit] = hash
        this.#size += 1
        return Math.floor(bit / TILE_BITS)
      }
      hash = nodeHash(peak, hash)
      this.#peaks[bit] = undefined
      // A carry out of a level's last bit is the root of its tile, which has just filled: one hash of the level above.
      if ((bit + 1) % TILE_BITS === 0) this.#place((bit + 1) / TILE_BITS, hash, full)
    }
    throw fault('tlog.range', 'the log is full')
  }

  #place(level: number, hash: Uint8Array, full: TileWrite[]): void {
    const tile = this.#level(level)
    tile.bytes.set(hash, tile.width * HASH_BYTES)
    tile.width += 1
    if (tile.width < TILE_WIDTH) return
    full.push({ ref: { level, index: tile.index, width: TILE_WIDTH }, bytes: tile.bytes })
    tile.bytes = new Uint8Array(TILE_WIDTH * HASH_BYTES)
    tile.index += 1
    tile.width = 0
  }

  #level(level: number): EdgeTile {
    return (this.#levels[level] ??= {
      bytes: new Uint8Array(TILE_WIDTH * HASH_BYTES),
      index: 0,
      width: 0,
    })
  }
}

const NOTHING = new Uint8Array()
