// Holds how a log that was put back from a backup goes on: in a shard of its own, so that no tree is ever signed in two versions.

import { join } from 'node:path'

import { toBase64 } from '../tlog/base64.ts'
import { LogState } from './log-state.ts'
import { LogWriter, type LogWriterOptions } from './log-writer.ts'
import { shardAfterRestore } from './shard.ts'

/** Where the log of a backup ended. */
export interface RestoredEnd {
  readonly shard: string
  readonly size: number
  /** base64. */
  readonly root: string
  /** The shard that begins now. */
  readonly next: string
}

/**
 * Checks that tiles, index and checkpoints of a home that nobody runs tell one story, and begins a shard behind them. `now` is ms since
 * the epoch. Whatever the log had after the backup stays another tree. Throws what opening a log throws.
 */
export function beginAgain(options: LogWriterOptions, now: number): RestoredEnd | undefined {
  const writer = new LogWriter(options)
  const last = writer.head.shards.at(-1)
  writer.close()
  if (last === undefined) return undefined
  const next = shardAfterRestore(last.name, now)
  const state = new LogState(join(options.home, 'log-state.sqlite'), options.origin)
  try {
    state.beginAgain(next)
  } finally {
    state.close()
  }
  return { shard: last.name, size: last.size, root: toBase64(last.root), next }
}
