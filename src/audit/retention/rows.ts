// Holds the removal of what the index has about a shard, a little at a time, beside the sequencer that goes on writing.

import { DatabaseSync } from 'node:sqlite'

/** Rows of one transaction: the sequencer waits for no more than that. */
const STEP = 1_000

/**
 * Removes what `log-state.sqlite` has about the records from `from` to before `to`: their rows, open intents among them, and starts of
 * gateways whose newest record is one of them. Run again after a crash, it goes on.
 */
export function removeRows(path: string, from: number, to: number): void {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL')
    const some = database.prepare('DELETE FROM records WHERE idx >= ? AND idx < ?')
    for (let at = from; at < to; at += STEP) some.run(at, Math.min(to, at + STEP))
    for (const table of ['intents', 'boots']) {
      database.prepare(`DELETE FROM ${table} WHERE idx >= ? AND idx < ?`).run(from, to)
    }
  } finally {
    database.close()
  }
}
