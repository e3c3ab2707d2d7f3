// Holds what a shard is: the half-year of a log that is one C2SP tlog of its own, with its name, its place and its origin.

import { rfc3339 } from '../std/clock.ts'

/** A shard as it was committed. Only the last of a log grows. */
export interface ShardHead {
  /**
   * `YYYYhH`, with `rSSSSSSSS` behind it where a log began again from a backup (the second of that, hexadecimal); empty for the one
   * that a home began with before there were shards.
   */
  readonly name: string
  /** Records before it: the index of its first record. */
  readonly base: number
  /** Leaves of its tree. */
  readonly size: number
  readonly root: Uint8Array
}

const NAME = /^\d{4}h[12](?:r[0-9a-f]{8})?$/

/** True for the name of a shard; names sort as the time does. */
export function isShardName(text: string): boolean {
  return NAME.test(text)
}

/** The half-year of a time (ms since the epoch), in UTC. */
export function shardOf(ms: number): string {
  const [year = '', month = ''] = rfc3339(ms).split('-')
  return `${year}h${Number(month) <= 6 ? 1 : 2}`
}

/** When a shard ends: the first millisecond that is the next one's. The shard of the empty name has ended. */
export function shardEnd(name: string): number {
  if (name === '') return -Infinity
  return Date.UTC(Number(name.slice(0, 4)), name[5] === '1' ? 6 : 12, 1)
}

/**
 * The shard in which a log begins again that was restored at `ms`: one that nobody has signed a checkpoint of, whatever the log that the
 * backup was made of has had since. `last` is the newest shard of the backup.
 */
export function shardAfterRestore(last: string, ms: number): string {
  const half = [shardOf(ms), last.slice(0, 6)].toSorted().at(-1) ?? ''
  return `${half}r${Math.floor(ms / 1000)
    .toString(16)
    .padStart(8, '0')}`
}

/** Origin of a shard: the log's own with its name behind it (C2SP tlog-checkpoint: a URL without scheme). */
export function shardOrigin(origin: string, name: string): string {
  return name === '' ? origin : `${origin}/${name}`
}

/** The shard that holds the record at `index`. */
export function shardAt(shards: readonly ShardHead[], index: number): ShardHead | undefined {
  return shards.findLast(({ base, size }) => index >= base && index < base + size)
}
