// Holds what the gateway says of itself to a client of either era.

import { isObject, type JsonObject } from '../../std/json.ts'
import { emptyObject, LEGACY_ERA, LEGACY_VERSIONS, META, MODERN_ERA } from '../../wire/mcp.ts'
import type { SystemDefinition } from '../../wire/system.ts'

/** How long a client may keep a list: never longer than the lease of our view of locks (ms). */
export const LIST_TTL_MS = 5_000

/** Who answers: the system, behind us. The name is for display; nothing may be decided on it. */
function serverInfo(system: SystemDefinition): JsonObject {
  return { name: `bailiwick/${system.name}`, version: system.server.version }
}

/** The answer to `initialize` (2025-11-25): the revision asked for where we speak it, tools and nothing else. */
export function initializeResult(system: SystemDefinition, params: JsonObject): JsonObject {
  const asked = params['protocolVersion']
  const version = (LEGACY_VERSIONS as readonly unknown[]).includes(asked)
    ? (asked as string)
    : LEGACY_ERA
  return {
    protocolVersion: version,
    capabilities: { tools: emptyObject() },
    serverInfo: serverInfo(system),
    ...(system.instructions !== undefined && { instructions: system.instructions }),
  }
}

/** The answer to `server/discover` (2026-07-28). */
export function discoverResult(system: SystemDefinition): JsonObject {
  return modernResult(system, {
    supportedVersions: [MODERN_ERA],
    capabilities: { tools: emptyObject() },
    ttlMs: LIST_TTL_MS,
    cacheScope: 'private',
    ...(system.instructions !== undefined && { instructions: system.instructions }),
  })
}

/** Dresses a result for 2026-07-28: complete, and from us. */
export function modernResult(system: SystemDefinition, result: JsonObject): JsonObject {
  const meta = result['_meta']
  return {
    resultType: 'complete',
    ...result,
    _meta: { ...(isObject(meta) && meta), [META.serverInfo]: serverInfo(system) },
  }
}

/** Dresses a result for 2025-11-25, which knows no result type and only objects as structured content. */
export function legacyResult(result: JsonObject): JsonObject {
  const { resultType: _type, _meta: meta, structuredContent: structured, ...rest } = result
  const kept: JsonObject = isObject(meta) ? { ...meta } : {}
  delete kept[META.serverInfo]
  return {
    content: [],
    ...rest,
    ...(isObject(structured) && { structuredContent: structured }),
    ...(Object.keys(kept).length > 0 && { _meta: kept }),
  }
}
