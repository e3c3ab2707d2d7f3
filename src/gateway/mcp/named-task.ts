// Holds the task that an MCP message names: in the header of its request or in its `_meta`, and never in both differently.

import type { JsonObject } from '../../std/json.ts'
import { META, metaOf } from '../../wire/mcp.ts'
import type { Presented } from '../../wire/presented.ts'

/**
 * What a request shows, with the task that its message names; undefined where header and `_meta` say two things, or `_meta` says
 * none of ours: then nobody knows which is meant. In both eras: `_meta` is there in 2025-11-25 as well.
 */
export function withNamedTask(presented: Presented, params: JsonObject): Presented | undefined {
  const named = metaOf(params)[META.task]
  if (named === undefined || named === presented.task) return presented
  if (typeof named !== 'string' || presented.task !== undefined) return undefined
  return { ...presented, task: named.slice(0, 128) }
}
