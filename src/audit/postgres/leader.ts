// Holds how one process at a time gives records their index: fenced by an epoch, in the order of each boot, never past a gap.

import { EMPTY_ROOT } from '../../tlog/hash.ts'
import { leavesOf, shardRun, type LogWriter } from '../log-writer.ts'
import { numberOf, type LogConnection } from './connection.ts'
import type { ShardHead } from '../shard.ts'
import type { Order, Run, Shipped, Waiting } from './order.ts'
import type { Recogniser } from './recognise.ts'
import type { RefusedBoots } from './refused.ts'

/** Records and bytes of one step: bound its time and its memory. */
const STEP_RECORDS = 4096
const STEP_BYTES = 8 << 20

/** Advisory locks of this product: the first number says what for. */
const LEADER_LOCK = 0x62_77_01
const SWAP =
  'SELECT audit.swap($1, $2, $3, $4, $5, $6, $7, $8::text[], $9::uuid[], $10::bigint[], $11::int[]) AS moved'

/** A record that cannot be given an index, because one before it in its boot has not arrived. */
export interface Gap {
  readonly gateway: string
  readonly boot: string
  /** Number of the first record that is missing. */
  readonly iseq: number
  /** Number of one behind it that is there. */
  readonly behind: number
}

/** What a leader stands on. */
export interface LeaderParts {
  readonly connection: LogConnection
  readonly order: Order
  readonly writer: LogWriter
  readonly recogniser: Recogniser
  /** Boots that get no index. */
  readonly refused: RefusedBoots
}

/** What one step did. */
export interface Led {
  /** Records that got an index; -1 where another process has taken over. */
  readonly records: number
  /** True where more are waiting. */
  readonly more: boolean
  readonly gap?: Gap
}

/** Tries to become the one that sequences; gives the epoch of it, or undefined while another is. */
export async function takeLead(
  connection: LogConnection,
  gateway: string,
): Promise<number | undefined> {
  const text = 'SELECT pg_try_advisory_lock($1, 0) AS mine'
  const [row] = await connection.rows('lock', text, [LEADER_LOCK])
  if (row?.['mine'] !== true) return undefined
  const epoch = await connection.rows('lead', 'SELECT audit.lead($1) AS epoch', [gateway])
  return numberOf(epoch[0], 'epoch')
}

/**
 * Ends the connection of whoever leads, and with it the lead. It runs under the same role, so this role may. Should it live after
 * all, its epoch is over and it moves nothing.
 */
export async function unseat(connection: LogConnection): Promise<void> {
  const text = `SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND classid = $1::bigint::oid AND objid = 0 AND objsubid = 2
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid <> pg_backend_pid()`
  await connection.rows('unseat', text, [LEADER_LOCK])
}

/**
 * Gives the next waiting records their indices. The home has followed the database to its newest state. In this order: tiles
 * durable here, state swapped in the database, committed here. After a throw or a lost swap the writer is dead.
 */
export async function lead(parts: LeaderParts, epoch: number, boots: number): Promise<Led> {
  const { connection, order, writer, recogniser, refused } = parts
  const { size } = writer.head
  const each = Math.max(64, Math.floor(STEP_RECORDS / Math.max(1, boots)))
  const waiting = await order.waiting(each, refused)
  const planned = plan(waiting, size)
  const gap = await heldUp(order, planned.gap, refused)
  const found = gap === undefined ? {} : { gap }
  if (planned.runs.length === 0) return { records: 0, more: false, ...found }
  const { runs, entries, left } = sealedOf(planned.runs, await order.entries(planned.runs), refused)
  const more = planned.more || left
  if (runs.length === 0) return { records: 0, more, ...found }
  const all = leavesOf(entries)
  const current = writer.head.shards.at(-1)
  const { shard, count } = shardRun(current?.name, all)
  const leaves = all.slice(0, count)
  const taken = cut(runs, count)
  await recogniser.look(taken, leaves, true)
  const head = writer.append(shard, leaves)
  const before = current?.name === shard ? current : { size: 0, root: EMPTY_ROOT }
  const moved = await swap(connection, { epoch, from: before, to: head, runs: taken })
  if (!moved) return { records: -1, more: false, ...found }
  writer.commit(recogniser.settle())
  return { records: count, more: more || count < all.length || waiting.length >= each, ...found }
}

/** One move of a shard. */
export interface Move {
  /** Of who leads. */
  readonly epoch: number
  readonly from: Pick<ShardHead, 'size' | 'root'>
  readonly to: ShardHead
  /** What fills the way from one to the other. */
  readonly runs: readonly Run[]
}

/** Moves a shard in the database; false where somebody else has moved it, or leads. */
export async function swap(
  connection: LogConnection,
  { epoch, from, to, runs }: Move,
): Promise<boolean> {
  const [row] = await connection.rows('swap', SWAP, [
    epoch,
    to.name,
    to.base,
    from.size,
    Buffer.from(from.root),
    to.size,
    Buffer.from(to.root),
    runs.map((run) => run.gateway),
    runs.map((run) => run.boot),
    runs.map((run) => run.iseq),
    runs.map((run) => run.records),
  ])
  return numberOf(row, 'moved') === 1
}

/** What of the waiting records goes first: each boot from where it stands, up to its first gap, all within the bounds. */
function plan(
  waiting: readonly Waiting[],
  size: number,
): { runs: Run[]; more: boolean; gap?: Gap } {
  const runs: Run[] = []
  let idx = size
  let bytes = 0
  let gap: Gap | undefined
  for (const { gateway, boot, iseq, taken, bytes: own } of waiting) {
    if (idx - size >= STEP_RECORDS || (idx > size && bytes + own > STEP_BYTES)) {
      return { runs, more: true, ...(gap === undefined ? {} : { gap }) }
    }
    const last = runs.at(-1)
    const same = last?.boot === boot && last.gateway === gateway
    const due = same ? last.iseq + last.records : taken + 1
    if (iseq !== due) {
      gap ??= { gateway, boot, iseq: due, behind: iseq }
      continue
    }
    if (same) runs[runs.length - 1] = { ...last, records: last.records + 1 }
    else runs.push({ idx, gateway, boot, iseq, records: 1 })
    idx += 1
    bytes += own
  }
  return { runs, more: false, ...(gap === undefined ? {} : { gap }) }
}

/** The gap, where what stands behind it is a record; otherwise nobody waits, and the boot is refused. */
async function heldUp(
  order: Order,
  gap: Gap | undefined,
  refused: RefusedBoots,
): Promise<Gap | undefined> {
  if (gap === undefined) return undefined
  const { gateway, boot, behind: iseq } = gap
  const [row] = await order.entries([{ idx: 0, gateway, boot, iseq, records: 1 }])
  if (row?.sealed === true) return gap
  refused.add({ gateway, boot, iseq })
  return undefined
}

/** What of these runs gateways of this log sealed: each boot up to the first record that none did, from where it is refused. */
function sealedOf(
  runs: readonly Run[],
  shipped: readonly Shipped[],
  refused: RefusedBoots,
): { runs: Run[]; entries: Buffer[]; left: boolean } {
  const kept: Run[] = []
  const entries: Buffer[] = []
  let at = 0
  let idx = runs[0]?.idx ?? 0
  for (const run of runs) {
    const own = shipped.slice(at, at + run.records)
    at += run.records
    const bad = own.findIndex(({ sealed }) => !sealed)
    const records = bad === -1 ? run.records : bad
    if (bad !== -1) refused.add({ ...run, iseq: run.iseq + bad })
    if (records === 0) continue
    kept.push({ ...run, idx, records })
    entries.push(...own.slice(0, records).map(({ entry }) => entry))
    idx += records
  }
  return { runs: kept, entries, left: entries.length < shipped.length }
}

/** The first `count` records of these runs. */
function cut(runs: readonly Run[], count: number): Run[] {
  let left = count
  return runs.flatMap((run) => {
    const records = Math.min(left, run.records)
    left -= records
    return records > 0 ? [{ ...run, records }] : []
  })
}
