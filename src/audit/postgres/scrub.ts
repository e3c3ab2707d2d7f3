// Holds the second look: what a process has followed long ago is read from PostgreSQL again, a little at a time, and compared.

import { fault } from '../faults.ts'
import type { LogFolder } from '../log-folder.ts'
import { readEntries } from '../log-reader.ts'
import type { LogHead } from '../log-state.ts'
import type { Order } from './order.ts'

/** Records of one look. One a second reads ten million in half a day, and costs the database next to nothing. */
const LOOK_RECORDS = 256

/**
 * Goes round the log, from its first record that this home holds. An edit behind the point that everybody has followed changes no
 * root that anybody computes any more; here it shows, and the record is named.
 */
export class Scrub {
  #at = 0

  /** Looks at the next records. Throws `audit.corrupt` where the database holds others than this home. */
  async step(order: Order, folder: LogFolder, { size, shards }: LogHead): Promise<void> {
    const kept = new Set(folder.names())
    const first = shards.find(({ name }) => kept.has(name))
    if (first === undefined) return
    const from = this.#at >= size ? first.base : Math.max(this.#at, first.base)
    const runs = await order.runsFrom(from, LOOK_RECORDS)
    const upto = runs.reduce((end, run) => Math.max(end, run.idx + run.records), from)
    // What is newer than this home's copy is the follower's to look at.
    const whole = runs.filter((run) => run.idx + run.records <= size)
    this.#at = whole.length < runs.length ? first.base : upto
    const entries = await order.entries(whole)
    const indices = whole.flatMap((run) =>
      Array.from({ length: run.records }, (_, n) => run.idx + n),
    )
    const here = readEntries(folder, shards, indices)
    const other = here.find(({ entry }, i) => entries[i]?.entry.equals(entry) !== true)
    if (other === undefined) return
    const what = `record ${other.index} in the database is not the one that this home has followed`
    throw fault('audit.corrupt', what)
  }
}
