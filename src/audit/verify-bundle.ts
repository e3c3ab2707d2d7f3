// Holds the check of one bundle by itself: every entry hashed and read strictly. It needs nothing but the bytes, so any thread can do it.

import { HASH_BYTES, leafHash } from '../tlog/hash.ts'
import { skimRecord } from './envelope.ts'
import { droppedIn, shardIn, type ShardWord } from './shard-word.ts'
import { whyUnread } from './verify-report.ts'

/** What later checks need to know of a record. */
export interface RecordMark {
  readonly gateway: string
  readonly boot: string
  readonly iseq: number
  readonly type: string
  /** RFC 3339. */
  readonly ts: string
  /** Which shard it says is closed; only on `log.shard_closed`. */
  readonly shard?: ShardWord
  /** Which shards it says are gone; only on `log.shard_dropped`. */
  readonly dropped?: readonly ShardWord[]
}

/** A bundle as it was found. */
export interface CheckedBundle {
  /** Leaf hashes, 32 bytes each. */
  readonly leaves: Uint8Array
  /** One for each entry; a text where it is no record: why not. */
  readonly marks: readonly (RecordMark | string)[]
}

/** What a thread says that checks bundles: the answers come in the order of the questions. */
export type CheckerNews = CheckedBundle | { readonly failed: string }

/** Hashes and reads every entry. */
export function checkBundle(entries: readonly Uint8Array[]): CheckedBundle {
  const leaves = new Uint8Array(entries.length * HASH_BYTES)
  const marks = entries.map((entry, i) => {
    leaves.set(leafHash(entry), i * HASH_BYTES)
    try {
      const { gateway, boot, iseq, type, ts, body } = skimRecord(entry)
      const mark = { gateway, boot, iseq, type, ts }
      if (type === 'log.shard_dropped') return { ...mark, dropped: droppedIn(body) }
      const shard = type === 'log.shard_closed' ? shardIn(body) : undefined
      return shard === undefined ? mark : { ...mark, shard }
    } catch (error) {
      return whyUnread(error)
    }
  })
  return { leaves, marks }
}
