// Holds the move of a home's own log into PostgreSQL: the same entries at the same indices under the same roots, shard by shard.

import { join } from 'node:path'

import { sameHash } from '../../tlog/hash.ts'
import { fault } from '../faults.ts'
import { LogFolder } from '../log-folder.ts'
import { readEntries } from '../log-reader.ts'
import { leavesOf, LogWriter, type Leaf } from '../log-writer.ts'
import type { ShardHead } from '../shard.ts'
import { LogConnection } from './connection.ts'
import { swap, takeLead } from './leader.ts'
import { refuseOther } from './names.ts'
import { Order, type Run } from './order.ts'
import type { AttachmentOptions } from './attachment.ts'
import { putRecords } from './record-group.ts'
import { SpoolSeal } from './seal.ts'

/** Records of one step. */
const STEP_RECORDS = 1024

/**
 * Puts what the database does not have yet of this home's log there, and gives how many records that were. The home is run by nobody,
 * and nobody else is attached. Interrupted, it goes on where it was: the database only ever holds a beginning of this log. Throws
 * `audit.fenced` where somebody is attached, `audit.corrupt` where the database holds another history, `audit.key`,
 * `audit.unavailable`. `onStep` is told after each step.
 */
export async function uploadLog(
  options: AttachmentOptions,
  onStep: (step: string) => void = () => undefined,
): Promise<number> {
  const connection = await LogConnection.open(options.url, `${options.gateway} move`)
  const writer = new LogWriter(options)
  try {
    await refuseOther(connection, options)
    const epoch = await takeLead(connection, options.gateway)
    if (epoch === undefined) throw fault('audit.fenced', 'another process is attached to the log')
    const { size, shards } = writer.head
    const folder = new LogFolder(join(options.home, 'log'))
    const seal = new SpoolSeal(options.origin, options.spoolKey)
    const begun = await agreed(new Order(connection, seal), writer)
    const attached = new Set<string>()
    for (let at = begun; at < size;) {
      const shard = shardWith(shards, at)
      const count = Math.min(STEP_RECORDS, shard.base + shard.size - at)
      const indices = Array.from({ length: count }, (_, i) => at + i)
      const entries = readEntries(folder, shards, indices).map(({ entry }) => Buffer.from(entry))
      const leaves = leavesOf(entries)
      const runs = runsOf(leaves, at)
      await putRecords(connection, attached, seal, {
        gateways: leaves.map(({ row }) => row?.gateway ?? ''),
        boots: leaves.map(({ row }) => row?.boot ?? ''),
        iseqs: leaves.map(({ row }) => row?.iseq ?? 0),
        entries,
      })
      onStep(`put ${at}`)
      const state = (leaf: number): ShardHead => {
        const root = leaf === 0 ? new Uint8Array(32) : writer.rootAt(shard.name, leaf)
        return { ...shard, size: leaf, root }
      }
      const [from, to] = [state(at - shard.base), state(at - shard.base + count)]
      if (!(await swap(connection, { epoch, from, to, runs }))) {
        throw fault('audit.fenced', 'another process has moved the log in the database')
      }
      at += count
      onStep(`swapped ${at}`)
    }
    await publishAll(connection, folder, shards)
    return size - begun
  } finally {
    writer.close()
    await connection.close()
  }
}

/** How far the database has this log already. One of the two must be the beginning of the other. */
async function agreed(order: Order, writer: LogWriter): Promise<number> {
  const { size, shards } = writer.head
  const { total } = await order.ahead(size)
  const both = Math.min(size, total)
  if (both === 0) return 0
  const state = (await order.ahead(both)).swaps[0]
  const shard = shardWith(shards, both - 1)
  const leaves = both - shard.base
  const same = state?.upto === both && state.shard === shard.name && state.size === leaves
  if (!same || !sameHash(state.root, writer.rootAt(shard.name, leaves))) {
    throw fault('audit.corrupt', `the database has another history of the first ${both} records`)
  }
  return both
}

/** Runs of these records, of which the first stands at `idx`. */
function runsOf(leaves: readonly Leaf[], idx: number): Run[] {
  const runs: Run[] = []
  leaves.forEach(({ row }, i) => {
    if (row === undefined) throw fault('audit.corrupt', `entry ${idx + i} of the log is no record`)
    const { gateway, boot, iseq } = row
    const last = runs.at(-1)
    if (last?.boot === boot && last.gateway === gateway && iseq === last.iseq + last.records) {
      runs[runs.length - 1] = { ...last, records: last.records + 1 }
    } else runs.push({ idx: idx + i, gateway, boot, iseq, records: 1 })
  })
  return runs
}

/** The checkpoints as this home has published them; what is missing is signed by the first process that leads. */
async function publishAll(
  connection: LogConnection,
  folder: LogFolder,
  shards: readonly ShardHead[],
): Promise<void> {
  for (const { name, size } of shards) {
    const note = folder.shard(name).checkpoint()
    if (note?.split('\n')[1] !== String(size)) continue
    await connection.rows('publish', 'SELECT audit.publish($1, $2, $3) AS put', [name, size, note])
  }
}

function shardWith(shards: readonly ShardHead[], index: number): ShardHead {
  const shard = shards.find(({ base, size }) => index >= base && index < base + size)
  if (shard === undefined) throw fault('audit.corrupt', `no shard holds record ${index}`)
  return shard
}
