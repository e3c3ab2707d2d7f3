// Holds the clothes of a result in either era: what a revision requires, and what the other one does not know.

import { isObject, type JsonObject } from '../../std/json.ts'
import { META, MODERN_ERA } from '../../wire/mcp.ts'
import type { McpEra } from '../../wire/system.ts'

/** How long a client may keep a list: never longer than the lease of our view of locks (ms, INV-5). */
const LIST_TTL_MS = 5_000

/** Methods whose results carry cache hints in 2026-07-28 ("Caching"). */
const CACHEABLE: ReadonlySet<string> = new Set([
  'prompts/list',
  'resources/list',
  'resources/read',
  'resources/templates/list',
  'server/discover',
  'tools/list',
])

/** Who answers. The name is for display; nothing may be decided on it. */
export interface ServerInfo {
  readonly name: string
  readonly version: string
}

/** Dresses a result for 2026-07-28: complete, from us, and for nobody else's cache. */
export function modernResult(method: string, info: ServerInfo, result: JsonObject): JsonObject {
  const meta = result['_meta']
  const dressed: JsonObject = {
    resultType: 'complete',
    ...result,
    _meta: { ...(isObject(meta) && meta), [META.serverInfo]: { ...info } },
  }
  if (!CACHEABLE.has(method) || dressed['resultType'] !== 'complete') return dressed
  const { ttlMs } = result
  // What a system says of one of its resources counts as far as it asks for less.
  const least = method === 'resources/read' ? 0 : LIST_TTL_MS
  const said = typeof ttlMs === 'number' && Number.isInteger(ttlMs) && ttlMs >= 0 ? ttlMs : least
  return { ...dressed, ttlMs: Math.min(said, LIST_TTL_MS), cacheScope: 'private' }
}

/** Dresses a result for 2025-11-25, which knows no result type, no cache hints, and only objects as structured content. */
function legacyResult(method: string, result: JsonObject): JsonObject {
  const {
    resultType,
    _meta: meta,
    structuredContent: structured,
    ttlMs: _t,
    cacheScope: _c,
    ...rest
  } = result
  const kept: JsonObject = isObject(meta) ? { ...meta } : {}
  delete kept[META.serverInfo]
  return {
    // A task that a 2026-07-28 system began by itself would be taken for an empty result: it is said what it is.
    ...(method === 'tools/call' &&
      !isObject(rest['task']) &&
      resultType !== 'task' && { content: [] }),
    ...rest,
    ...(isObject(structured) && { structuredContent: structured }),
    ...(Object.keys(kept).length > 0 && { _meta: kept }),
  }
}

/** A result as a client of that era reads it. */
export function dressed(
  era: McpEra,
  method: string,
  info: ServerInfo,
  result: JsonObject,
): JsonObject {
  return era === MODERN_ERA ? modernResult(method, info, result) : legacyResult(method, result)
}
