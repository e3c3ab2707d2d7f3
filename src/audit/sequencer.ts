// Holds the sequencer: it takes durable records off the spool, gives each its index, and moves the log forward.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { EMPTY_ROOT, leafHash } from '../tlog/hash.ts'
import { syncDirectory } from './durable-file.ts'
import { fault } from './faults.ts'
import { indexRow, type IndexRow } from './index-row.ts'
import { LogFolder } from './log-folder.ts'
import { shardVerifier } from './log-key.ts'
import { LogState, type LogHead } from './log-state.ts'
import type { Position } from './segment.ts'
import { shardEnd, shardOf, shardOrigin, type ShardHead } from './shard.ts'
import { checkPublished, ShardWriter } from './shard-writer.ts'
import { SpoolCursor } from './spool-cursor.ts'
import { dropTaken } from './spool-scan.ts'

/** Records of one step: bounds its time, so that checkpoints keep coming under load. */
const STEP_RECORDS = 4096
/** Bytes of one step, for logs of large records: bounds its memory. */
const STEP_BYTES = 8 << 20

/** Where things are, and what the log is called. */
export interface SequencerOptions {
  readonly home: string
  /** Origin of the log; its shards are called by it. */
  readonly origin: string
  /** Verifier key of the log, under its own name. */
  readonly vkey: string
}

/**
 * One log's sequencer. Order of every step: bundles and tiles durable, then sizes and roots swapped in the database, then the
 * caller signs them, then it is published. A crash between any two is continued by the next step or `open`.
 * After a throw the object is dead: open another.
 */
export class Sequencer {
  readonly #options: SequencerOptions
  readonly #spool: string
  readonly #folder: LogFolder
  readonly #state: LogState
  readonly #cursor: SpoolCursor
  #head: LogHead
  /** The shard that grows; undefined before the first record. */
  #writer: ShardWriter | undefined

  /** Takes the log over and checks that tiles, database and published checkpoints tell one story. */
  constructor(options: SequencerOptions) {
    const { home, origin } = options
    this.#options = options
    this.#spool = join(home, 'spool')
    this.#folder = new LogFolder(join(home, 'log'))
    mkdirSync(this.#spool, { recursive: true, mode: 0o700 })
    mkdirSync(this.#folder.directory, { recursive: true, mode: 0o700 })
    syncDirectory(home)
    this.#state = new LogState(join(home, 'log-state.sqlite'), origin)
    this.#head = this.#state.head()
    this.#refuseLeading()
    const { position, shards } = this.#head
    const current = shards.at(-1)
    if (current !== undefined) this.#writer = this.#open(current)
    this.#cursor = new SpoolCursor(this.#spool, position)
    dropTaken(this.#spool, position)
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
        return checkPublished(head, files, this.#verifier(head.name)) < head.size
      })
      .map(({ name }) => name)
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
    const rows = entries.map((entry, i) => indexRow(entry, leaves[i] as Uint8Array))
    const shards = this.#append(entries, leaves, rows)
    const { size, position } = this.#head
    const next = { size: size + entries.length, position: this.#cursor.position, shards }
    this.#state.commit(size, next, rows)
    this.#head = next
    if (next.position.segment > position.segment) dropTaken(this.#spool, next.position)
    return true
  }

  /** Publishes a signed checkpoint of a size that is committed. */
  publish(shard: string, size: number, note: string): void {
    if (shard === this.#head.shards.at(-1)?.name) this.#writer?.publish(size, note)
    else this.#folder.shard(shard).publish(note)
  }

  close(): void {
    this.#cursor.close()
    this.#state.close()
  }

  /** Appends to the shard that each record's time says, and gives all shards as they are then. Time only goes forward here. */
  #append(
    entries: readonly Buffer[],
    leaves: readonly Uint8Array[],
    rows: readonly (IndexRow | undefined)[],
  ): ShardHead[] {
    const shards = [...this.#head.shards]
    for (let from = 0; from < entries.length;) {
      const current = shards.at(-1)
      const ts = rows[from]?.ts
      let name = current?.name
      let writer = this.#writer
      if (name === undefined || writer === undefined || (ts ?? -Infinity) >= shardEnd(name)) {
        name = shardOf(ts ?? 0)
        const base = current === undefined ? 0 : current.base + current.size
        const begun: ShardHead = { name, base, size: 0, root: EMPTY_ROOT }
        writer = this.#writer = this.#open(begun)
        shards.push(begun)
      }
      const end = endOfShard(rows, from, name)
      writer.append(entries.slice(from, end), leaves.slice(from, end))
      shards[shards.length - 1] = writer.head
      from = end
    }
    return shards
  }

  #open(head: ShardHead): ShardWriter {
    return new ShardWriter(this.#folder.shard(head.name), head, this.#verifier(head.name))
  }

  #verifier(name: string): NonNullable<ReturnType<typeof shardVerifier>> {
    const verifier = shardVerifier(this.#options.vkey, shardOrigin(this.#options.origin, name))
    if (verifier === undefined) throw fault('audit.key', 'the log has no key for one of its shards')
    return verifier
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

/** Where the run of records that belong to the shard `name` ends: at the first of a later half-year. */
function endOfShard(rows: readonly (IndexRow | undefined)[], from: number, name: string): number {
  const over = shardEnd(name)
  const next = rows.findIndex((row, i) => i > from && row !== undefined && row.ts >= over)
  return next === -1 ? rows.length : next
}
