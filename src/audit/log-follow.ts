// Holds the reading of a log in the order of its records, from any thread or process: what search and exporters stand on.

import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { LogFolder } from './log-folder.ts'
import { keptIndices, readEntries, type LoggedEntry } from './log-reader.ts'
import { readShards } from './log-state.ts'
import { shardAt, type ShardHead } from './shard.ts'

/** Entries that one `entries` gives at most. */
const ENTRIES_MAX = 4096

/**
 * A reader of a home's log as it is committed, which needs no part of the process that writes it. What it gives has an index for
 * good; whether a published checkpoint covers it yet is another question. Close it at the end.
 */
export class LogFollower {
  readonly #database: DatabaseSync
  readonly #folder: LogFolder

  /** Opens the log of a home that has one. Throws what opening `log-state.sqlite` throws. */
  constructor(home: string) {
    this.#database = new DatabaseSync(join(home, 'log-state.sqlite'), { readOnly: true })
    this.#database.exec('PRAGMA busy_timeout = 5000')
    this.#folder = new LogFolder(join(home, 'log'))
  }

  /** The shards as they are committed at this moment, the oldest first. */
  shards(): ShardHead[] {
    return readShards(this.#database)
  }

  /** Records of the log at this moment. */
  size(): number {
    const last = this.shards().at(-1)
    return last === undefined ? 0 : last.base + last.size
  }

  /**
   * Up to `limit` entries (at most 4,096) from `index` on, as far as the log goes. What retention has removed is passed over: the first may
   * have a later index. Throws `audit.corrupt`.
   */
  entries(index: number, limit: number): LoggedEntry[] {
    const shards = this.shards()
    const wanted = keptIndices(this.#folder, shards, index, Math.min(limit, ENTRIES_MAX))
    return readEntries(this.#folder, shards, wanted)
  }

  /**
   * The entries at these indices, in this order, each bundle read once; without those that retention has removed. Throws `audit.corrupt`,
   * `audit.not_found`.
   */
  at(indices: readonly number[]): LoggedEntry[] {
    const shards = this.shards()
    const gone = shards.filter(({ name }) => this.#folder.shard(name).dropped)
    const kept =
      gone.length === 0 ? indices : indices.filter((at) => shardAt(gone, at) === undefined)
    return readEntries(this.#folder, shards, kept)
  }

  /** Which records retention has removed: from an index to before another, the oldest first. */
  dropped(): (readonly [from: number, to: number])[] {
    const gone = this.shards().filter(
      ({ name, size }) => size > 0 && this.#folder.shard(name).dropped,
    )
    return gone.map(({ base, size }) => [base, base + size])
  }

  close(): void {
    this.#database.close()
  }
}
