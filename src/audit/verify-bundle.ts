// Holds the check of one bundle by itself: every entry hashed and read strictly. It needs nothing but the bytes, so any thread can do it.

import { HASH_BYTES, leafHash } from '../tlog/hash.ts'
import { skimRecord } from './envelope.ts'
import { whyUnread } from './verify-report.ts'

/** What later checks need to know of a record. */
export interface RecordMark {
  readonly gateway: string
  readonly boot: string
  readonly iseq: number
  readonly type: string
  /** RFC 3339. */
  readonly ts: string
  /** Which shard it speaks of; only on records about shards. */
  readonly shard?: ShardWord
}

/** What a record says about a shard: `log.shard_closed`. */
export interface ShardWord {
  readonly name: string
  readonly size: number
  /** base64. */
  readonly root: string
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
      if (type !== 'log.shard_closed') return mark
      const { shard, size, root } = body
      if (typeof shard !== 'string' || typeof root !== 'string') return mark
      return { ...mark, shard: { name: shard, size: Number(size), root } }
    } catch (error) {
      return whyUnread(error)
    }
  })
  return { leaves, marks }
}
