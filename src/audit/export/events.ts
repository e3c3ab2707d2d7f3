// Holds how records come off the log for an exporter.

import { base64url } from '../../std/bytes.ts'
import { leafHash } from '../../tlog/hash.ts'
import { readRecord } from '../envelope.ts'
import type { LogFollower } from '../log-follow.ts'
import { shardAt, shardOrigin } from '../shard.ts'
import type { ExportEvent } from './sink.ts'

/** Up to `limit` events from `index` on, as far as the log goes. Throws `audit.corrupt`, `audit.unreadable`. */
export function exportEvents(
  follower: Pick<LogFollower, 'entries' | 'shards'>,
  origin: string,
  index: number,
  limit: number,
): ExportEvent[] {
  const entries = follower.entries(index, limit)
  if (entries.length === 0) return []
  const shards = follower.shards()
  return entries.map(({ index: at, entry }) => ({
    index: at,
    leaf: base64url(leafHash(entry)),
    origin: shardOrigin(origin, shardAt(shards, at)?.name ?? ''),
    record: readRecord(entry),
  }))
}
