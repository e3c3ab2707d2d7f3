// Holds the `_meta` of a request to an upstream: what the era asks for, and nothing of the agent's own.

import type { JsonObject } from '../../std/json.ts'
import { emptyObject, META, MODERN_ERA } from '../../wire/mcp.ts'
import type { McpEra } from '../../wire/system.ts'
import type { RequestOptions } from './exchange.ts'

/** Who we are to an upstream. */
export const CLIENT_INFO: JsonObject = { name: 'bailiwick', version: '1' }

/** The parameters with the `_meta` that goes out, where there is any. The caller's own never reaches an upstream. */
export function dressed(
  params: JsonObject,
  era: McpEra,
  id: number,
  { onProgress, traceparent, tracestate, front, logLevel }: RequestOptions,
): JsonObject {
  const meta: JsonObject = {}
  if (era === MODERN_ERA) {
    meta[META.version] = MODERN_ERA
    meta[META.clientInfo] = CLIENT_INFO
    meta[META.clientCapabilities] = front?.capabilities ?? emptyObject()
    if (logLevel !== undefined) meta[META.logLevel] = logLevel
  }
  if (onProgress !== undefined) meta['progressToken'] = id
  if (traceparent !== undefined) meta['traceparent'] = traceparent
  if (tracestate !== undefined) meta['tracestate'] = tracestate
  return Object.keys(meta).length === 0 ? params : { ...params, _meta: meta }
}
