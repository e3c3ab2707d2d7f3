// Holds the second look: what a process has followed long ago is read from PostgreSQL again, a little at a time, and compared.

import { sameHash } from '../../tlog/hash.ts'
import { fromBase64 } from '../../tlog/base64.ts'
import { fault } from '../faults.ts'
import type { LogFolder } from '../log-folder.ts'
import { readEntries } from '../log-reader.ts'
import type { LogHead } from '../log-state.ts'
import type { ShardHead } from '../shard.ts'
import type { ShardWord } from '../shard-word.ts'
import type { Order } from './order.ts'

/** Records of one look. One a second reads ten million in half a day, and costs the database next to nothing. */
const LOOK_RECORDS = 256

/** What this home's log says of shards that were dropped, by name. */
type DroppedSaid = (folder: LogFolder) => ReadonlyMap<string, ShardWord>

/**
 * Goes round the log, through what this home holds of it. An edit behind the point that everybody has followed changes no
 * root that anybody computes any more; here it shows, and the record is named.
 */
export class Scrub {
  #at = 0
  /** Size of the log when this round began: what came later is for the next, or a log that grows would never see another. */
  #until = 0

  /** Looks at the next records. Throws `audit.corrupt` where the database holds others than this home, or lacks what no record explains. */
  async step(
    order: Order,
    folder: LogFolder,
    { size, shards }: LogHead,
    said: DroppedSaid,
  ): Promise<void> {
    const names = new Set(folder.names())
    const kept = shards.filter(({ name }) => names.has(name) && !folder.shard(name).dropped)
    if (this.#at >= this.#until) [this.#at, this.#until] = [0, size]
    const shard = kept.find(({ base, size: own }) => this.#at < base + own)
    if (shard === undefined) return void (this.#at = this.#until)
    const end = shard.base + shard.size
    const from = Math.max(this.#at, shard.base)
    if ((await order.dropped()).has(shard.name)) {
      this.#at = end
      return checkSaid(shard, said(folder).get(shard.name))
    }
    const runs = await order.runsFrom(from, Math.min(LOOK_RECORDS, end - from))
    const upto = runs.reduce((last, run) => Math.max(last, run.idx + run.records), from)
    // What is newer than this home's copy is the follower's to look at.
    const whole = runs.filter((run) => run.idx + run.records <= size)
    this.#at = whole.length < runs.length ? this.#until : upto
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

function checkSaid({ name, size, root }: ShardHead, word: ShardWord | undefined): void {
  const bytes = word && fromBase64(word.root)
  if (word?.size === size && bytes !== undefined && sameHash(bytes, root)) return
  throw fault('audit.corrupt', `the database has dropped the shard ${name}, and no record says so`)
}
