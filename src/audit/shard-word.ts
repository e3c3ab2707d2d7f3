// Holds what records say about shards that are closed or gone: name, size and root, which outlive the shard.

import type { Json, JsonObject } from '../std/json.ts'
import { isObject } from '../std/json.ts'
import { toBase64 } from '../tlog/base64.ts'
import type { ShardHead } from './shard.ts'

/** What a record says about a shard. */
export interface ShardWord {
  readonly name: string
  readonly size: number
  /** base64. */
  readonly root: string
}

/** The members of a record about a shard. */
export function shardMembers({ name, size, root }: ShardHead): JsonObject {
  return { shard: name, size, root: toBase64(root) }
}

/** What a body says about a shard (`log.shard_closed`); undefined where it says nothing that can be read. */
export function shardIn(body: Json | undefined): ShardWord | undefined {
  if (!isObject(body)) return undefined
  const { shard, size, root } = body
  if (typeof shard !== 'string' || typeof root !== 'string' || typeof size !== 'number') {
    return undefined
  }
  return { name: shard, size, root }
}

/** The shards that `log.shard_dropped` speaks of: the one that goes, and all that went before, whose own records go with theirs. */
export function droppedIn(body: JsonObject): ShardWord[] {
  const before = Array.isArray(body['before']) ? body['before'] : []
  return [body, ...before].flatMap((one) => shardIn(one) ?? [])
}
