// Holds the sequencer of a home by itself: it takes durable records off the spool, gives each its index, and moves the log forward.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import type { DurableBatch } from './durable-batch.ts'
import { leavesOf, LogWriter, shardRun, type LogWriterOptions } from './log-writer.ts'
import type { LogHead } from './log-state.ts'
import type { Position } from './segment.ts'
import { SpoolCursor } from './spool-cursor.ts'
import { dropTaken } from './spool-scan.ts'

/** Records of one step: bounds its time, so that checkpoints keep coming under load. */
const STEP_RECORDS = 4096
/** Bytes of one step, for logs of large records: bounds its memory. */
const STEP_BYTES = 8 << 20

/**
 * One log's sequencer. Order of every step: bundles and tiles durable, then sizes and roots swapped in the database, then the
 * caller signs them, then it is published. A crash between any two is continued by the next step or `open`.
 * After a throw the object is dead: open another.
 */
export class Sequencer {
  readonly #spool: string
  readonly #writer: LogWriter
  readonly #cursor: SpoolCursor

  /** Takes the log over and checks that tiles, database and published checkpoints tell one story. */
  constructor(options: LogWriterOptions) {
    this.#spool = join(options.home, 'spool')
    mkdirSync(this.#spool, { recursive: true, mode: 0o700 })
    this.#writer = new LogWriter(options)
    const { position } = this.#writer.head
    this.#cursor = new SpoolCursor(this.#spool, position)
    dropTaken(this.#spool, position)
  }

  /** Where the log stands, as committed. */
  get head(): LogHead {
    return this.#writer.head
  }

  /** Names of the shards that are closed and whose last checkpoint is not published. */
  unpublished(): string[] {
    return this.#writer.unpublished()
  }

  /** Says what this process has written to the spool since `head`, or since it said so last. */
  expect(batches: readonly DurableBatch[]): void {
    this.#cursor.expect(batches)
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
    let leaves = leavesOf(entries)
    let current = this.head.shards.at(-1)?.name
    while (leaves.length > 0) {
      const { shard, count } = shardRun(current, leaves)
      this.#writer.append(shard, leaves.slice(0, count))
      leaves = leaves.slice(count)
      current = shard
    }
    const before = this.head.position
    this.#writer.commit(this.#cursor.position)
    const { position } = this.head
    if (position.segment > before.segment) dropTaken(this.#spool, position)
    return true
  }

  /** Publishes a signed checkpoint of a size that is committed. */
  publish(shard: string, size: number, note: string): void {
    this.#writer.publish(shard, size, note)
  }

  close(): void {
    this.#cursor.close()
    this.#writer.close()
  }
}
