// Holds the rebuilding of a log's tree from its entries, comparing every tile on the way, in memory for one tile per level.

import { hex } from '../std/bytes.ts'
import { HASH_BYTES, nodeHash } from '../tlog/hash.ts'
import { TILE_WIDTH, tilePath } from '../tlog/tile.ts'
import { rootHash } from '../tlog/tree.ts'
import type { LogFiles } from './log-files.ts'
import { whyUnread, type Findings } from './verify-report.ts'

/** Fed with the leaf hashes of bundle after bundle; says what the tiles should have been. */
export class TreeRebuild {
  readonly #files: LogFiles
  readonly #findings: Findings
  readonly #size: number
  /** Hashes of the tile that is filling, per level. */
  readonly #levels: { index: number; hashes: Uint8Array[] }[] = []
  #broken = false

  constructor(files: LogFiles, findings: Findings, size: number) {
    this.#files = files
    this.#findings = findings
    this.#size = size
  }

  /**
   * Takes the next bundle's leaf hashes; undefined where its entries could not be read, and then the tile stands in for
   * them. Where an entry and its hash differ, the tree goes on from the hash: the root then tells which of them was changed.
   */
  add(index: number, width: number, leaves: readonly Uint8Array[] | undefined): void {
    const place = tilePath({ level: 0, index, width })
    let tile: Uint8Array[] | undefined
    try {
      tile = split(this.#files.readHashes(0, index, width))
    } catch (error) {
      this.#findings.add('audit.verify_tile', place, whyUnread(error))
    }
    leaves?.forEach((leaf, i) => {
      const kept = tile?.[i]
      if (kept === undefined || same(kept, leaf)) return
      const entry = index * TILE_WIDTH + i
      const bundle = tilePath({ level: 'entries', index, width })
      const detail = `the entry in ${bundle} and its hash in ${place} do not belong together`
      this.#findings.add('audit.verify_leaf', `record ${entry}`, detail)
    })
    const hashes = tile ?? leaves
    if (hashes === undefined) this.#broken = true
    else for (const hash of hashes) this.#push(0, hash)
  }

  /** Compares the tiles that are not full, and gives the root; undefined where a hole makes that impossible. */
  finish(): Uint8Array | undefined {
    if (this.#broken) return undefined
    this.#levels.forEach((tile, level) => {
      if (level > 0 && tile.hashes.length > 0) this.#compare(level, tile.index, tile.hashes)
    })
    return rootHash(this.#size, (level) => Buffer.concat(this.#levels[level]?.hashes ?? []))
  }

  #push(level: number, hash: Uint8Array): void {
    const tile = (this.#levels[level] ??= { index: 0, hashes: [] })
    tile.hashes.push(hash)
    if (tile.hashes.length < TILE_WIDTH) return
    if (level > 0) this.#compare(level, tile.index, tile.hashes)
    const above = fold(tile.hashes)
    tile.hashes = []
    tile.index += 1
    this.#push(level + 1, above)
  }

  #compare(level: number, index: number, hashes: readonly Uint8Array[]): void {
    const place = tilePath({ level, index, width: hashes.length })
    try {
      const tile = split(this.#files.readHashes(level, index, hashes.length))
      const at = tile.findIndex((hash, i) => !same(hash, hashes[i]))
      if (at < 0) return
      const detail = `hash ${at} is not that of the tile below it`
      this.#findings.add('audit.verify_tile', place, detail)
    } catch (error) {
      this.#findings.add('audit.verify_tile', place, whyUnread(error))
    }
  }
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

function split(bytes: Uint8Array): Uint8Array[] {
  const hashes: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += HASH_BYTES) {
    hashes.push(bytes.slice(at, at + HASH_BYTES))
  }
  return hashes
}

function same(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && hex(a) === hex(b)
}
