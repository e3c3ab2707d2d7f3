// Holds where a verification reads from: the folder of a log. An address that serves one is `verify-http.ts`.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

import { TILE_WIDTH, tilePath, type TileRef } from '../tlog/tile.ts'
import { LogFolder } from './log-folder.ts'

/** Files of a log, wherever they are. Whatever cannot be read is thrown; what is missing carries the code `ENOENT`. */
export interface LogSource {
  /** Names of the shards that are there, the oldest first; the empty one alone for a place that is a shard itself. */
  names(): Promise<readonly string[]>
  /** The published checkpoint, a signed note. */
  checkpoint(shard: string): Promise<string | undefined>
  /** The newest checkpoint that witnesses have cosigned, which may be of before. */
  witnessed(shard: string): Promise<string | undefined>
  /** The first `width` hashes of a tile, from the full one where that has replaced it. */
  hashes(shard: string, level: number, index: number, width: number): Promise<Uint8Array>
  /** The first `width` entries of a bundle, in the same way. */
  entries(shard: string, index: number, width: number): Promise<readonly Uint8Array[]>
  /** Smaller forms of a tile that still lie beside it, for checkpoints of before; none where nobody can list them. */
  older(shard: string, ref: TileRef): Promise<readonly OlderTile[]>
  /** False where tiles and entries are gone altogether and only the checkpoint was left. */
  hasTiles(shard: string, size: number): Promise<boolean>
}

/** A tile as it once was. */
export interface OlderTile {
  readonly ref: TileRef
  readonly bytes: Uint8Array
}

/** A log in a folder. */
export class FolderSource implements LogSource {
  readonly #folder: LogFolder

  constructor(directory: string) {
    this.#folder = new LogFolder(directory)
  }

  async names(): Promise<readonly string[]> {
    try {
      const names = this.#folder.names()
      return names.length === 0 ? [''] : names
    } catch {
      // The missing checkpoint is what is found then.
      return ['']
    }
  }

  async checkpoint(shard: string): Promise<string | undefined> {
    return this.#folder.shard(shard).checkpoint()
  }

  async witnessed(shard: string): Promise<string | undefined> {
    return this.#folder.shard(shard).witnessed()
  }

  async hashes(shard: string, level: number, index: number, width: number): Promise<Uint8Array> {
    return this.#folder.shard(shard).readHashes(level, index, width)
  }

  async entries(shard: string, index: number, width: number): Promise<readonly Uint8Array[]> {
    return this.#folder.shard(shard).readEntries(index, width)
  }

  async older(shard: string, ref: TileRef): Promise<readonly OlderTile[]> {
    if (ref.width === TILE_WIDTH) return []
    const files = this.#folder.shard(shard)
    const found: OlderTile[] = []
    const folder = join(files.directory, tilePath({ ...ref, width: TILE_WIDTH })) + '.p'
    const names = existsSync(folder) ? readdirSync(folder) : []
    for (const width of names.filter((name) => /^[1-9]\d{0,2}$/.test(name)).map(Number)) {
      const small = { ...ref, width }
      if (width < ref.width) found.push({ ref: small, bytes: files.readFile(small) })
    }
    return found
  }

  async hasTiles(shard: string): Promise<boolean> {
    return existsSync(join(this.#folder.shard(shard).directory, 'tile'))
  }
}
