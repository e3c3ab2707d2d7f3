// Holds the log's public folder: `checkpoint` and `tile/…`, laid out as C2SP tlog-tiles says.

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { utf8 } from '../std/bytes.ts'
import { decodeEntries } from '../tlog/entries.ts'
import { HASH_BYTES } from '../tlog/hash.ts'
import { TILE_WIDTH, tilePath, type TileRef } from '../tlog/tile.ts'
import { makeDirectory, replaceDurable, syncDirectory, writeDurable } from './durable-file.ts'

/** The folder, for the one process that writes it and for everybody who reads. */
export class LogFiles {
  readonly directory: string
  readonly #made = new Set<string>()
  readonly #named = new Set<string>()

  constructor(directory: string) {
    this.directory = directory
  }

  /**
   * Writes a tile or bundle, durable but for its name. No checkpoint leads to it yet: whatever a crash left under that
   * name belongs to no published tree and is written over.
   */
  writeTile(ref: TileRef, bytes: Uint8Array): void {
    const path = this.#path(ref)
    const folder = dirname(path)
    if (!this.#made.has(folder)) {
      makeDirectory(folder)
      // Bounded: folders of partial tiles come and go, the others hold a thousand tiles each.
      if (this.#made.size > 4096) this.#made.clear()
      this.#made.add(folder)
    }
    writeDurable(path, bytes)
    this.#named.add(folder)
  }

  /** Makes the names of everything written since the last call durable. */
  syncNames(): void {
    for (const folder of this.#named) syncDirectory(folder)
    this.#named.clear()
  }

  /** Hashes of a tile, at least `width`: a partial tile that is gone is answered from the full one that replaced it. */
  readonly readHashes = (level: number, index: number, width: number): Uint8Array => {
    const bytes = this.#read({ level, index, width })
    return bytes.subarray(0, width * HASH_BYTES)
  }

  /** Entries of a bundle, at least `width`. */
  readEntries(index: number, width: number): Uint8Array[] {
    return decodeEntries(this.#read({ level: 'entries', index, width }))
  }

  /** The published checkpoint, a signed note; undefined before the first. */
  checkpoint(): string | undefined {
    const path = join(this.directory, 'checkpoint')
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  }

  /** Publishes a checkpoint, whose tiles are durable. */
  publish(note: string): void {
    replaceDurable(join(this.directory, 'checkpoint'), utf8(note))
  }

  /** Removes the partial forms of a tile that is full under a published checkpoint. */
  prune(level: TileRef['level'], index: number): void {
    const partials = `${this.#path({ level, index, width: TILE_WIDTH })}.p`
    if (!existsSync(partials)) return
    rmSync(partials, { recursive: true, force: true })
    this.#made.delete(partials)
  }

  #read(ref: TileRef): Uint8Array {
    try {
      return readFileSync(this.#path(ref))
    } catch (error) {
      if (ref.width === TILE_WIDTH) throw error
      return readFileSync(this.#path({ ...ref, width: TILE_WIDTH }))
    }
  }

  #path(ref: TileRef): string {
    return join(this.directory, tilePath(ref))
  }
}
