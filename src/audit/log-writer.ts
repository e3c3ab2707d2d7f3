// Holds the writing side of a home's log with all its shards: entries become tiles, then a committed head, then a published note.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { EMPTY_ROOT, HASH_BYTES, leafHash } from '../tlog/hash.ts'
import type { NoteVerifier } from '../tlog/note.ts'
import { tileWidth } from '../tlog/tile.ts'
import { rootHash } from '../tlog/tree.ts'
import { syncDirectory } from './durable-file.ts'
import { fault } from './faults.ts'
import { indexRow, type IndexRow } from './index-row.ts'
import { LogFolder } from './log-folder.ts'
import { shardVerifier } from './log-key.ts'
import { LogState, type LogHead } from './log-state.ts'
import type { Position } from './segment.ts'
import { shardEnd, shardOf, shardOrigin, type ShardHead } from './shard.ts'
import { checkPublished, ShardWriter } from './shard-writer.ts'

/** Where things are, and what the log is called. */
export interface LogWriterOptions {
  readonly home: string
  /** Origin of the log; its shards are called by it. */
  readonly origin: string
  /** Verifier key of the log, under its own name. */
  readonly vkey: string
}

/** An entry with what the index and the tree keep of it. */
export interface Leaf {
  readonly entry: Buffer
  readonly leaf: Uint8Array
  /** Undefined where the entry is no record. */
  readonly row: IndexRow | undefined
}

/** Reads entries once, for whoever decides about them and for the writer. */
export function leavesOf(entries: readonly Buffer[]): Leaf[] {
  return entries.map((entry) => {
    const leaf = leafHash(entry)
    return { entry, leaf, row: indexRow(entry, leaf) }
  })
}

/**
 * Which shard the first of these records belongs to, and how many of them from the front do: that of the record's time, and time
 * only goes forward here.
 */
export function shardRun(
  current: string | undefined,
  leaves: readonly Leaf[],
): { shard: string; count: number } {
  const ts = leaves[0]?.row?.ts
  const ended = current === undefined || (ts ?? -Infinity) >= shardEnd(current)
  const shard = ended ? shardOf(ts ?? 0) : current
  const over = shardEnd(shard)
  const next = leaves.findIndex(({ row }, i) => i > 0 && row !== undefined && row.ts >= over)
  return { shard, count: next === -1 ? leaves.length : next }
}

/**
 * One home's log. `append` makes tiles durable that no checkpoint leads to yet; `commit` moves the log to them, or nothing does.
 * After a throw the object is dead: open another, which goes on from what was committed.
 */
export class LogWriter {
  readonly #options: LogWriterOptions
  readonly #folder: LogFolder
  readonly #state: LogState
  #head: LogHead
  /** The shards with what was appended, and the rows of that. */
  #shards: ShardHead[]
  #rows: (IndexRow | undefined)[] = []
  /** The shard that grows; undefined before the first record. */
  #writer: ShardWriter | undefined

  /**
   * Takes the log over and checks that tiles, database and published checkpoints tell one story.
   * Throws `audit.corrupt`, `audit.rolled_back`, `audit.key`, `audit.newer`.
   */
  constructor(options: LogWriterOptions) {
    const { home, origin } = options
    this.#options = options
    this.#folder = new LogFolder(join(home, 'log'))
    mkdirSync(this.#folder.directory, { recursive: true, mode: 0o700 })
    syncDirectory(home)
    this.#state = new LogState(join(home, 'log-state.sqlite'), origin)
    this.#head = this.#state.head()
    this.#shards = [...this.#head.shards]
    this.#refuseLeading()
    const current = this.#shards.at(-1)
    if (current !== undefined) this.#writer = this.#open(current)
  }

  /** Where the log stands, as committed. */
  get head(): LogHead {
    return this.#head
  }

  /** Names of the shards that are closed and whose last checkpoint is not published. */
  unpublished(): string[] {
    const closed = this.#head.shards.slice(0, -1)
    return closed
      .filter((head) => {
        const files = this.#folder.shard(head.name)
        return checkPublished(head, files, this.verifier(head.name)) < head.size
      })
      .map(({ name }) => name)
  }

  /** Appends to the shard of this name, the last one or a new one, and gives it as it is then: durable, not committed. */
  append(shard: string, leaves: readonly Leaf[]): ShardHead {
    const current = this.#shards.at(-1)
    let writer = this.#writer
    if (current === undefined || writer === undefined || current.name !== shard) {
      const base = current === undefined ? 0 : current.base + current.size
      const begun: ShardHead = { name: shard, base, size: 0, root: EMPTY_ROOT }
      writer = this.#writer = this.#open(begun)
      this.#shards.push(begun)
    }
    const entries = leaves.map(({ entry }) => entry)
    writer.append(
      entries,
      leaves.map(({ leaf }) => leaf),
    )
    for (const { row } of leaves) this.#rows.push(row)
    return (this.#shards[this.#shards.length - 1] = writer.head)
  }

  /**
   * Takes over a closed shard of which the root alone is left, because its records were dropped before this home had them. Whoever calls
   * this has seen it signed, and appends to another shard before it commits.
   */
  adopt(head: ShardHead): void {
    this.#shards.push(head)
    this.#rows.length += head.size
    this.#writer = undefined
  }

  /** Commits what was appended, with how far the spool is in the log then. Throws `audit.fenced`. */
  commit(position: Position): void {
    const { size } = this.#head
    const next = { size: size + this.#rows.length, position, shards: [...this.#shards] }
    this.#state.commit(size, next, this.#rows)
    this.#head = next
    this.#rows = []
  }

  /** Publishes a signed checkpoint of a size that is committed. */
  publish(shard: string, size: number, note: string): void {
    if (shard === this.#head.shards.at(-1)?.name) return this.#writer?.publish(size, note)
    const files = this.#folder.shard(shard)
    // One that was adopted has left no tiles.
    mkdirSync(files.directory, { recursive: true, mode: 0o700 })
    syncDirectory(this.#folder.directory)
    files.publish(note)
  }

  /** Root of a shard at a size that it has had, from its tiles. Throws `audit.corrupt` for a size that it has not. */
  rootAt(name: string, size: number): Uint8Array {
    const head = this.#head.shards.find((one) => one.name === name)
    if (head === undefined || size > head.size) {
      throw fault('audit.corrupt', `shard ${name} has never had ${size} records`)
    }
    if (size === head.size) return head.root
    const files = this.#folder.shard(name)
    return rootHash(size, (level, index, width) => {
      const tile = files.readHashes(level, index, tileWidth(level, index, head.size))
      return tile.subarray(0, width * HASH_BYTES)
    })
  }

  /** Who verifies the checkpoints of a shard. Throws `audit.key`. */
  verifier(name: string): NoteVerifier {
    const verifier = shardVerifier(this.#options.vkey, shardOrigin(this.#options.origin, name))
    if (verifier === undefined) throw fault('audit.key', 'the log has no key for one of its shards')
    return verifier
  }

  close(): void {
    this.#state.close()
  }

  #open(head: ShardHead): ShardWriter {
    return new ShardWriter(this.#folder.shard(head.name), head, this.verifier(head.name))
  }

  /** A shard that was published and that the database does not know: the database is older than what strangers were shown. */
  #refuseLeading(): void {
    const known = new Set(this.#head.shards.map(({ name }) => name))
    for (const name of this.#folder.names()) {
      if (known.has(name) || this.#folder.shard(name).checkpoint() === undefined) continue
      throw fault('audit.rolled_back', `the shard ${name} is published, log-state.sqlite has none`)
    }
  }
}
