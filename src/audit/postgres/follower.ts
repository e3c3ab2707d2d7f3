// Holds how a process follows the order that PostgreSQL has, and refuses every history but the one that it has seen.

import { sameHash } from '../../tlog/hash.ts'
import { fault } from '../faults.ts'
import { leavesOf, type LogWriter } from '../log-writer.ts'
import type { ShardHead } from '../shard.ts'
import type { Ahead, Order, Run, Shipped, Swapped } from './order.ts'
import type { Recogniser } from './recognise.ts'
import { checkSigned } from './signed-head.ts'

/** Records that several states are taken together for, and that any one state may bring. */
const TOGETHER = 1024
const STATE_MAX = 4096

/** What a follower stands on. */
export interface FollowerParts {
  readonly order: Order
  readonly writer: LogWriter
  readonly recogniser: Recogniser
}

/** One home's copy of the log. After a throw it is dead, as its writer is. */
export class Follower {
  readonly #parts: FollowerParts

  constructor(parts: FollowerParts) {
    this.#parts = parts
  }

  /**
   * Takes over what the database has beyond this home, at most a thousand records or one state of it, and gives how many records the
   * database had when it was asked. Throws `audit.rolled_back` where the database has less, and `audit.corrupt` where it has another history.
   */
  async step(): Promise<number> {
    const { order, writer } = this.#parts
    const { size } = writer.head
    const ahead = await order.ahead(size)
    this.#compare(ahead)
    const next = await this.#next(chosen(ahead.swaps, size))
    if (next === undefined) return ahead.total
    const { from } = next
    const runs = await order.runs(from, next.upto).catch(async (error: unknown) => {
      if (!(await order.dropped()).has(next.shard)) throw error
      const what = `the rest of the shard ${next.shard}, of which this home has a part, was dropped`
      throw fault('audit.dropped', `${what}: begin with a home that has none of the log`)
    })
    const leaves = leavesOf(allSealed(runs, await order.entries(runs)))
    await this.#parts.recogniser.look(runs, leaves, false)
    const current = writer.head.shards.at(-1)
    const begun = current?.name === next.shard ? current : undefined
    if (next.size !== (begun?.size ?? 0) + leaves.length) {
      throw fault('audit.corrupt', `the database says ${next.size} records of shard ${next.shard}`)
    }
    const head = writer.append(next.shard, leaves)
    if (!sameHash(head.root, next.root)) {
      const range = `records ${from} to ${next.upto - 1}`
      const found = 'in the database do not lead to the root that was swapped in with them'
      throw fault('audit.corrupt', `${range} ${found}: one was changed, or the root`)
    }
    writer.commit(this.#parts.recogniser.settle())
    return ahead.total
  }

  /**
   * The state to go to and the index to read from. Shards that were dropped before this home had any of them are taken over by their signed
   * roots on the way.
   */
  async #next(first: Swapped | undefined): Promise<(Swapped & { from: number }) | undefined> {
    const { order, writer } = this.#parts
    const { size, shards } = writer.head
    if (first === undefined || first.shard === shards.at(-1)?.name)
      return first && { ...first, from: size }
    const gone = await order.dropped()
    let [next, from] = [first, size]
    while (gone.has(next.shard)) {
      const head = await order.head(next.shard)
      const note = await order.noteAt(next.shard, head.size)
      if (head.base !== from || note === undefined) {
        throw fault('audit.corrupt', `the database does not say what the shard ${next.shard} was`)
      }
      checkSigned(note, head, writer.verifier(next.shard))
      writer.adopt(head)
      from += head.size
      const behind = chosen((await order.ahead(from)).swaps, from)
      if (behind === undefined)
        throw fault('audit.corrupt', 'the newest shard in the database was dropped')
      next = behind
    }
    return { ...next, from }
  }

  /** The database must know this home's log as its own past. */
  #compare({ total, root, swaps }: Ahead): void {
    const { size, shards } = this.#parts.writer.head
    const last = shards.at(-1)
    if (total === 0 && size > 0) {
      const what = `the database holds no log, this home holds one of ${size} records`
      throw fault('audit.rolled_back', `${what}: put it there with bailiwick migrate`)
    }
    if (total < size) {
      const sizes = `the database has ${total} records, this home has followed it to ${size}`
      throw fault('audit.rolled_back', sizes)
    }
    if (last !== undefined) {
      const here = swaps[0]
      if (here?.upto !== size || !isState(here, last)) {
        const what = `of the first ${size} records than the one this home has followed`
        throw fault('audit.corrupt', `the database has another history ${what}`)
      }
      if (total === size && (root === undefined || !sameHash(root, last.root))) {
        throw fault('audit.corrupt', `the database has another root at ${size} records`)
      }
    }
    if (total > size && swaps.every(({ upto }) => upto <= size)) {
      throw fault('audit.corrupt', `the database does not say how it came from ${size} to ${total}`)
    }
  }
}

/** The furthest state that is in the same shard as the next one, and not too far for one step. */
function chosen(swaps: readonly Swapped[], size: number): Swapped | undefined {
  const [next, ...more] = swaps.filter(({ upto }) => upto > size)
  if (next === undefined) return undefined
  if (next.upto - size > STATE_MAX) {
    throw fault('audit.corrupt', `the database says ${next.upto - size} records of one state`)
  }
  const together = more.filter((swap) => swap.shard === next.shard && swap.upto - size <= TOGETHER)
  return together.at(-1) ?? next
}

/** The entries of these runs. Throws `audit.corrupt` where whoever moved the log took what no gateway of it recorded. */
function allSealed(runs: readonly Run[], shipped: readonly Shipped[]): Buffer[] {
  let at = 0
  for (const run of runs) {
    for (let n = 0; n < run.records; n++) {
      if (shipped[at++]?.sealed === true) continue
      const who = `number ${run.iseq + n} of gateway ${run.gateway}, boot ${run.boot}`
      const what = `record ${run.idx + n} (${who}) in the database was sealed by no gateway`
      throw fault('audit.corrupt', `${what} of this log`)
    }
  }
  return shipped.map(({ entry }) => entry)
}

function isState(swap: Swapped, head: ShardHead): boolean {
  const same = swap.shard === head.name && swap.size === head.size
  return same && swap.upto === head.base + head.size && sameHash(swap.root, head.root)
}
