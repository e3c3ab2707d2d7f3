// Holds how counters come back at a start: the snapshot as far as it goes, then every record since, exactly as they were counted live.

import type { AuditLog } from '../../audit/log.ts'
import type { LoggedRecord } from '../../audit/log-reader.ts'
import { isObject } from '../../std/json.ts'
import type { Limits } from '../limits/limits.ts'
import type { Meter } from '../limits/meter.ts'
import type { Tasks } from '../tasks/tasks.ts'
import { entryOf, lineageOf, type Entry } from './entry.ts'
import type { Kept, KeptRow } from './keeper.ts'
import { LABEL_MS, type LineageState } from './lineage.ts'
import type { Tallies } from './tallies.ts'
import type { TaskUsed } from './task-use.ts'

/** Records read at a time. */
const PAGE = 1_000

/** The log as restoring reads it. */
export type HistoryLog = Pick<AuditLog, 'tail' | 'get'>

interface Restoring {
  readonly log: HistoryLog
  readonly limits: Limits
  readonly tasks: Pick<Tasks, 'list'>
  readonly tallies: Tallies
  readonly rows: Kept | 'none' | 'refused'
  /** ms since the epoch. */
  readonly now: number
}

/** What restoring did. */
export interface Restored {
  /** Records that were read. */
  readonly records: number
  /** Whether a snapshot helped; `refused`: there was one, and it did not add up. */
  readonly snapshot: 'used' | 'none' | 'refused'
}

/** Restores every counter. */
export async function restore(of: Restoring): Promise<Restored> {
  const { log, now, rows, tallies } = of
  const covered = new Covered(log)
  const from = typeof rows === 'string' ? undefined : await log.get(rows.from)
  if (typeof rows === 'string' || from === undefined) {
    const since = of.tasks
      .list()
      .reduce((least, { createdAt }) => Math.min(least, createdAt), now - LABEL_MS)
    const records = await replay(of, await firstSince(log, since), covered)
    return { records, snapshot: rows === 'none' ? 'none' : 'refused' }
  }
  const active = new Set(of.tasks.list().map(({ id }) => id))
  for (const row of rows.rows) {
    if (!load(of, active, row)) continue
    covered.put(row)
  }
  // Loading is no change: only what the rest of the log says is to be written again.
  tallies.takeTouched()
  return { records: await replay(of, from.index + 1, covered), snapshot: 'used' }
}

/** Up to which record a counter has counted already, by the id of its row. */
class Covered {
  readonly #log: HistoryLog
  readonly #leaves = new Map<string, string>()
  readonly #places = new Map<string, number>()

  constructor(log: HistoryLog) {
    this.#log = log
  }

  put({ id, leaf }: KeptRow): void {
    this.#leaves.set(id, leaf)
  }

  /** True where the record at `index` is counted in the row of this id. */
  async has(id: string, index: number): Promise<boolean> {
    const leaf = this.#leaves.get(id)
    if (leaf === undefined) return false
    let place = this.#places.get(leaf)
    if (place === undefined) {
      place = (await this.#log.get(leaf))?.index ?? -1
      this.#places.set(leaf, place)
    }
    return index <= place
  }
}

/** Loads one row; false where what it counted for is no longer there. */
function load(
  { limits, now, tallies }: Restoring,
  active: ReadonlySet<string>,
  row: KeptRow,
): boolean {
  const [kind = '', name = '', ...rest] = row.id.split(' ')
  if (!isObject(row.state)) return false
  switch (kind) {
    case 'lineage':
      tallies.lineage(`${name} ${rest.join(' ')}`).load(row.state as unknown as LineageState, now)
      return true
    case 'task':
      if (active.has(name)) tallies.task(name).load(row.state as unknown as TaskUsed)
      return active.has(name)
    default: {
      const meter = limits.meter(name)
      meter?.load(rest.join(' '), row.state, now)
      return meter !== undefined
    }
  }
}

/** The index of the first record that is not older than a time, or the end of the log. */
async function firstSince(log: HistoryLog, since: number): Promise<number> {
  const newest = (await log.tail({ limit: 1 }))[0]
  if (newest === undefined) return 0
  let [low, high] = [0, newest.index + 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    const [at] = await log.tail({ limit: 1, before: middle + 1 })
    if (at !== undefined && Date.parse(at.record.ts) < since) low = middle + 1
    else high = middle
  }
  return low
}

async function replay(of: Restoring, first: number, covered: Covered): Promise<number> {
  const active = new Set(of.tasks.list().map(({ id }) => id))
  let count = 0
  for (let at = first; ; at += PAGE) {
    const page = await of.log.tail({ limit: PAGE, before: at + PAGE })
    const records = page.filter(({ index }) => index >= at).reverse()
    for (const logged of records) {
      const entry = entryOf(logged.record)
      if (entry !== undefined) await apply(of, entry, logged, covered, active)
    }
    count += records.length
    if (records.length < PAGE) return count
  }
}

async function apply(
  of: Restoring,
  entry: Entry,
  { index, record }: LoggedRecord,
  covered: Covered,
  active: ReadonlySet<string>,
): Promise<void> {
  const { limits, tallies } = of
  // A clock that was ahead when it was written does not keep a window open beyond its length from now.
  const at = Math.min(Date.parse(record.ts), of.now)
  if (entry.kind === 'cleared') {
    for (const [person, lineage] of tallies.lineagesOf(entry.agent)) {
      if (await covered.has(`lineage ${entry.agent} ${person}`, index)) continue
      lineage.drop(lineage.carried(entry.label, at))
    }
    tallies.touchAgent(entry.agent)
    return
  }
  const { asked } = entry
  const counted = await covered.has(`lineage ${lineageOf(asked)}`, index)
  if (entry.kind !== 'reserved') {
    if (counted) return
    if (entry.kind === 'denied') tallies.denied(asked, at)
    else {
      if (entry.failed) tallies.failed(asked, at)
      if (entry.labels.length > 0) tallies.labelled(asked, entry.labels, at)
    }
    return
  }
  const { used } = entry
  if (!counted) tallies.reserveLineage(asked, used, at)
  const { task } = asked
  if (task !== undefined && active.has(task) && !(await covered.has(`task ${task}`, index))) {
    tallies.reserveTask(task, used, at)
  }
  for (const meter of limits.on(asked)) {
    const key = meter.keyOf(asked)
    if (!counts(meter, at) || (await covered.has(`limit ${meter.limit.id} ${key}`, index))) continue
    tallies.touchLimit(meter.limit.id, key, at + meter.keptMs)
    meter.take(key, used, at)
  }
}

/** What runs ended with the process that ran it, and what was before a limit does not count under it. */
function counts({ limit }: Meter, at: number): boolean {
  return limit.per !== undefined && at >= limit.at
}
