// Holds what the control API shows of retention: how long the log is kept, and what has gone. History: v1; `in_database` added.

import { z } from 'zod'
import { Time } from './text.ts'

/** One shard of the log, and its time. */
export const ShardAnswer = z
  .object({
    /** `YYYYhH`; empty for the one that a home began with before there were shards. */
    shard: z.string(),
    /** Index of its first record. */
    base: z.number().int(),
    records: z.number().int(),
    /** `waits`: it is due, and `why` says who still needs it. */
    state: z.enum(['grows', 'kept', 'held', 'waits', 'due', 'dropped']),
    /** When it takes no more records; null where that is not known yet. */
    ends_at: Time.nullable(),
    /** When it may go; null where it is kept forever. */
    due_at: Time.nullable(),
    why: z.string().nullable(),
  })
  .meta({ id: 'Shard' })

/** Answer of `GET /v1/audit/retention`. */
export const RetentionAnswer = z.object({
  /** As `retention.yaml` says it; `forever` where there is none. */
  keep: z.string(),
  shards: z.array(ShardAnswer),
  /** Shards that are gone here and whose records PostgreSQL holds until its owner removes them. */
  in_database: z.array(z.string()),
  /** Why a shard that is due is still there; null while all is well. */
  problem: z.string().nullable(),
})

export type ShardAnswer = z.infer<typeof ShardAnswer>
export type RetentionAnswer = z.infer<typeof RetentionAnswer>
