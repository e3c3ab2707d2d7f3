// Holds the log's public folder: `checkpoint` and `tile/…`, laid out as C2SP tlog-tiles says.

import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { utf8 } from '../std/bytes.ts'
import { decodeEntries } from '../tlog/entries.ts'
import { HASH_BYTES } from '../tlog/hash.ts'
import { TILE_WIDTH, tilePath, type TileRef } from '../tlog/tile.ts'
import { fault } from './faults.ts'
import { makeDirectories, replaceDurable, syncDirectory, writeDurable } from './durable-file.ts'

/** File that stands in a shard's folder while it is dropped. */
const DROPPING = 'dropping'

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
      for (const parent of makeDirectories(folder)) this.#named.add(parent)
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

  /**
   * The first `width` hashes of a tile; a partial tile that is gone is answered from the full one that replaced it.
   * Throws what reading throws, and `audit.corrupt` where the file does not hold as many hashes as its name says.
   */
  readonly readHashes = (level: number, index: number, width: number): Uint8Array => {
    const { ref, bytes } = this.#read({ level, index, width })
    if (bytes.length !== ref.width * HASH_BYTES) throw odd(ref, 'hashes')
    return bytes.subarray(0, width * HASH_BYTES)
  }

  /** The first `width` entries of a bundle, in the same way. */
  readEntries(index: number, width: number): Uint8Array[] {
    const { ref, bytes } = this.#read({ level: 'entries', index, width })
    const entries = decodeEntries(bytes)
    if (entries.length !== ref.width) throw odd(ref, 'entries')
    return entries.slice(0, width)
  }

  /** A tile or bundle as it lies there. Throws what reading throws. */
  readFile(ref: TileRef): Uint8Array {
    return readFileSync(this.#path(ref))
  }

  /** The published checkpoint, a signed note; undefined before the first. */
  checkpoint(): string | undefined {
    const path = join(this.directory, 'checkpoint')
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  }

  /** The newest checkpoint that witnesses have cosigned, with their cosignatures; undefined before the first. */
  witnessed(): string | undefined {
    const path = join(this.directory, 'checkpoint.witnessed')
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  }

  /** Keeps a published checkpoint with the cosignatures that were added to it. */
  publishWitnessed(note: string): void {
    replaceDurable(join(this.directory, 'checkpoint.witnessed'), utf8(note))
  }

  /** Publishes a checkpoint, whose tiles are durable. */
  publish(note: string): void {
    replaceDurable(join(this.directory, 'checkpoint'), utf8(note))
  }

  /** Removes partial forms of a tile that are wider than what is committed: a step that was never committed left them. */
  dropBeyond(level: TileRef['level'], index: number, width: number): void {
    const partials = `${this.#path({ level, index, width: TILE_WIDTH })}.p`
    if (!existsSync(partials)) return
    for (const name of readdirSync(partials)) {
      if (!(Number(name) <= width)) rmSync(join(partials, name), { force: true })
    }
  }

  /** Removes the partial forms of a tile that is full under a published checkpoint. */
  prune(level: TileRef['level'], index: number): void {
    const partials = `${this.#path({ level, index, width: TILE_WIDTH })}.p`
    if (!existsSync(partials)) return
    rmSync(partials, { recursive: true, force: true })
    this.#made.delete(partials)
  }

  /** True where retention has removed entries and tiles, and the checkpoint alone is left. */
  get dropped(): boolean {
    return (
      !existsSync(join(this.directory, 'tile')) && existsSync(join(this.directory, 'checkpoint'))
    )
  }

  /** True from the moment at which a drop may touch anything until nothing is left to do. */
  get dropping(): boolean {
    return existsSync(join(this.directory, DROPPING))
  }

  /** Notes, durably, that a drop begins: whatever interrupts it, `dropTiles` is to be called in the end. */
  beginDrop(): void {
    replaceDurable(join(this.directory, DROPPING), utf8(''))
  }

  /** Removes entries and tiles, all at once for whoever reads; checkpoints stay. Run again after a crash, it goes on. */
  dropTiles(): void {
    const gone = join(this.directory, 'tile.dropped')
    if (existsSync(join(this.directory, 'tile'))) {
      rmSync(gone, { recursive: true, force: true })
      renameSync(join(this.directory, 'tile'), gone)
      syncDirectory(this.directory)
    }
    rmSync(gone, { recursive: true, force: true })
    rmSync(join(this.directory, DROPPING), { force: true })
    syncDirectory(this.directory)
  }

  #read(ref: TileRef): { ref: TileRef; bytes: Uint8Array } {
    try {
      return { ref, bytes: readFileSync(this.#path(ref)) }
    } catch (error) {
      if (ref.width === TILE_WIDTH) throw error
      const full = { ...ref, width: TILE_WIDTH }
      if (!existsSync(this.#path(full))) throw error
      return { ref: full, bytes: readFileSync(this.#path(full)) }
    }
  }

  #path(ref: TileRef): string {
    return join(this.directory, tilePath(ref))
  }
}

function odd(ref: TileRef, what: string): Error {
  return fault('audit.corrupt', `${tilePath(ref)} does not hold ${ref.width} ${what}`)
}
