// Holds the rebuilding of a shard's tree from its entries, comparing every tile on the way, in memory for one tile per level.

import { Buffer } from 'node:buffer'

import { HASH_BYTES, nodeHash } from '../tlog/hash.ts'
import { TILE_WIDTH, tilePath, type TileRef } from '../tlog/tile.ts'
import { rootHash } from '../tlog/tree.ts'
import type { LogSource } from './verify-source.ts'
import { whyUnread, type Findings } from './verify-report.ts'

/** What a tree is rebuilt from. */
export interface RebuildOptions {
  readonly source: LogSource
  readonly shard: string
  readonly findings: Findings
  /** Leaves under the signed checkpoint. */
  readonly size: number
  /** Index of the shard's first record. */
  readonly base: number
  /** Gets every leaf hash on the way. */
  readonly onLeaves?: ((hashes: Uint8Array) => void) | undefined
  /** Sizes on the way at which the root is wanted: those of checkpoints seen before. */
  readonly stops?: readonly number[]
}

/** Fed with the leaf hashes of bundle after bundle; says what the tiles should have been. */
export class TreeRebuild {
  readonly #options: RebuildOptions
  /** Hashes of the tile that is filling, per level. */
  readonly #levels: { index: number; hashes: Uint8Array[] }[] = []
  readonly #roots = new Map<number, Uint8Array>()
  /** Tiles above level 0 that have filled and are still to be compared. */
  readonly #filled: [level: number, index: number, hashes: Uint8Array[]][] = []
  #count = 0
  #broken = false

  constructor(options: RebuildOptions) {
    this.#options = options
  }

  /** The root that the tree had at one of the stops; undefined where it never came to it. */
  rootAt(size: number): Uint8Array | undefined {
    return this.#roots.get(size)
  }

  /**
   * Takes the next bundle's leaf hashes; undefined where its entries could not be read, and then the tile stands in for
   * them. Where an entry and its hash differ, the tree goes on from the hash: the root then tells which of them was changed.
   */
  async add(index: number, width: number, leaves: Uint8Array | undefined): Promise<void> {
    const { source, shard, findings, base } = this.#options
    const ref = { level: 0, index, width }
    const place = tilePath(ref)
    let tile: Uint8Array | undefined
    try {
      tile = await source.hashes(shard, 0, index, width)
      await this.#checkOlder(ref, tile)
    } catch (error) {
      findings.add('audit.verify_tile', place, whyUnread(error))
    }
    if (leaves !== undefined && tile !== undefined && !same(leaves, tile)) {
      const bundle = tilePath({ level: 'entries', index, width })
      for (let i = 0; i < width; i++) {
        if (same(at(leaves, i), at(tile, i))) continue
        const detail = `the entry in ${bundle} and its hash in ${place} do not belong together`
        const entry = base + index * TILE_WIDTH + i
        findings.add('audit.verify_leaf', `record ${entry}`, detail)
      }
    }
    const hashes = tile ?? leaves
    if (hashes !== undefined) this.#options.onLeaves?.(hashes.subarray(0, width * HASH_BYTES))
    if (hashes === undefined) this.#broken = true
    else this.#leaves(hashes, width)
    for (const [level, above, filled] of this.#filled.splice(0)) {
      await this.#compare(level, above, filled)
    }
  }

  /** Compares the tiles that are not full, and gives the root; undefined where a hole makes that impossible. */
  async finish(): Promise<Uint8Array | undefined> {
    if (this.#broken) return undefined
    for (const [level, tile] of this.#levels.entries()) {
      if (level > 0 && tile.hashes.length > 0) await this.#compare(level, tile.index, tile.hashes)
    }
    return this.#root()
  }

  #root(): Uint8Array {
    return rootHash(this.#count, (level) => Buffer.concat(this.#levels[level]?.hashes ?? []))
  }

  #leaves(hashes: Uint8Array, width: number): void {
    for (let i = 0; i < width; i++) {
      this.#push(0, at(hashes, i))
      this.#count += 1
      if (this.#options.stops?.includes(this.#count) === true && !this.#broken)
        this.#roots.set(this.#count, this.#root())
    }
  }

  #push(level: number, hash: Uint8Array): void {
    const tile = (this.#levels[level] ??= { index: 0, hashes: [] })
    tile.hashes.push(hash)
    if (tile.hashes.length < TILE_WIDTH) return
    if (level > 0) this.#filled.push([level, tile.index, tile.hashes])
    const above = fold(tile.hashes)
    tile.hashes = []
    tile.index += 1
    this.#push(level + 1, above)
  }

  async #compare(level: number, index: number, hashes: readonly Uint8Array[]): Promise<void> {
    const { source, shard, findings } = this.#options
    const ref = { level, index, width: hashes.length }
    try {
      const tile = await source.hashes(shard, level, index, hashes.length)
      const wrong = hashes.findIndex((hash, i) => !same(hash, at(tile, i)))
      if (wrong >= 0) {
        const detail = `hash ${wrong} is not that of the tile below it`
        findings.add('audit.verify_tile', tilePath(ref), detail)
      } else await this.#checkOlder(ref, tile)
    } catch (error) {
      findings.add('audit.verify_tile', tilePath(ref), whyUnread(error))
    }
  }

  /** Checkpoints of before lead to the smaller forms of a tile: they have to be its beginning. */
  async #checkOlder(ref: TileRef, tile: Uint8Array): Promise<void> {
    for (const older of await this.#options.source.older(this.#options.shard, ref)) {
      const length = older.ref.width * HASH_BYTES
      if (older.bytes.length === length && same(older.bytes, tile.subarray(0, length))) continue
      const detail = 'it is not the beginning of the tile that followed it'
      this.#options.findings.add('audit.verify_tile', tilePath(older.ref), detail)
    }
  }
}

function at(hashes: Uint8Array, i: number): Uint8Array {
  return hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)
}

function fold(hashes: readonly Uint8Array[]): Uint8Array {
  let level = hashes
  while (level.length > 1) {
    const above: Uint8Array[] = []
    for (let i = 0; i + 1 < level.length; i += 2) {
      above.push(nodeHash(level[i] as Uint8Array, level[i + 1] as Uint8Array))
    }
    level = above
  }
  return level[0] as Uint8Array
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
