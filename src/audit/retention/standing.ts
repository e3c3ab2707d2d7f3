// Holds how each shard stands with the policy: kept until when, held why, waiting for whom, or due.

import { rfc3339 } from '../../std/clock.ts'
import { shardEnd, type ShardHead } from '../shard.ts'
import { LEAST_MONTHS, type RetentionPolicy } from './policy.ts'

/** One shard and its time. Times are ms since the epoch. */
export interface ShardStanding {
  readonly shard: string
  /** Index of its first record, and how many there are. */
  readonly base: number
  readonly records: number
  /** `grows`; `kept` until `dueAt`; `held` by the policy; `waits` for what `why` says; `due`; `dropped`. */
  readonly state: 'grows' | 'kept' | 'held' | 'waits' | 'due' | 'dropped'
  readonly endsAt: number
  /** Absent where it is kept forever. */
  readonly dueAt?: number
  readonly why?: string
}

/** What has to be past a shard before it goes. */
export interface Reached {
  /** Why this shard has to wait; undefined where everybody is past it. */
  readonly waitsFor: (shard: ShardHead) => string | undefined
  readonly dropped: (shard: ShardHead) => boolean
}

/** How the shards of a log stand at a moment, the oldest first. */
export function standings(
  shards: readonly ShardHead[],
  policy: RetentionPolicy,
  { waitsFor, dropped }: Reached,
  now: number,
): ShardStanding[] {
  return shards.map((head, i) => {
    const endsAt = closedAt(head, shards[i + 1])
    const dueAt = policy.months === undefined ? undefined : monthsAfter(endsAt, policy.months)
    const about = {
      shard: head.name,
      base: head.base,
      records: head.size,
      endsAt,
      ...(dueAt !== undefined && { dueAt }),
    }
    const hold = policy.holds.get(head.name)
    if (head.size > 0 && dropped(head)) return { ...about, state: 'dropped' }
    if (i === shards.length - 1) return { ...about, state: 'grows' }
    if (hold !== undefined) return { ...about, state: 'held', why: hold }
    if (dueAt === undefined || now < dueAt || head.size === 0) return { ...about, state: 'kept' }
    const why = waitsFor(head)
    return why === undefined ? { ...about, state: 'due' } : { ...about, state: 'waits', why }
  })
}

/** When a shard took its last record, at the latest; the one of before there were any ended where the next began. */
function closedAt({ name }: ShardHead, next: ShardHead | undefined): number {
  if (name !== '') return shardEnd(name)
  return next === undefined ? Infinity : monthsAfter(shardEnd(next.name), -6)
}

/** The first moment at which a shard may be dropped at all, whatever a policy says. */
export function leastUntil(name: string): number {
  return monthsAfter(shardEnd(name), LEAST_MONTHS)
}

/** Shards end on the first of a month, so adding months never meets a day that does not exist. */
function monthsAfter(ms: number, months: number): number {
  if (!Number.isFinite(ms)) return ms
  const whole = monthIndex(ms) + months
  return Date.UTC(Math.floor(whole / 12), ((whole % 12) + 12) % 12, 1)
}

function monthIndex(ms: number): number {
  const [year = '0', month = '1'] = rfc3339(ms).split('-')
  return Number(year) * 12 + Number(month) - 1
}
