// Holds the metadata of protected resources (RFC 9728): which authorization server gives tokens for what is behind this gateway.

import type { JsonObject } from '../../std/json.ts'
import { DPOP_ALGORITHMS } from '../../wire/dpop.ts'
import { originNamed, originsOf, type Surface } from './surface.ts'

/** RFC 9728 §3: the well-known path stands between origin and path of a resource. */
const WELL_KNOWN = '/.well-known/oauth-protected-resource'

/** Resources of a gateway: all of it, all of its MCP, one system of that, one HTTP API, the hooks of one client. */
const RESOURCE = /^(?:\/mcp|\/(?:mcp|http|hooks)\/([a-z0-9]+(?:-[a-z0-9]+)*))?$/

/** URL of the metadata of a path of ours. */
export function metadataUrl(surface: Surface, host: string | undefined, path: string): string {
  return `${originNamed(surface, host) ?? originsOf(surface)[0]}${WELL_KNOWN}${path}`
}

/** Scope that covers a whole path: every action of one system, or everything. */
export function scopeOf(path: string): string {
  const system = RESOURCE.exec(path)?.[1]
  return system === undefined ? '*' : `${system}/*`
}

/**
 * The metadata that a path asks for; undefined for any other path. `resource` is what the well-known path was put into, as §3.3
 * requires, with the name of ours under which it was asked for. It tells nothing of which systems there are.
 */
export function resourceMetadata(
  surface: Surface,
  host: string | undefined,
  asked: string,
): JsonObject | undefined {
  if (!asked.startsWith(WELL_KNOWN)) return undefined
  const path = asked.slice(WELL_KNOWN.length)
  if (!RESOURCE.test(path)) return undefined
  const origin = originNamed(surface, host) ?? originsOf(surface)[0] ?? ''
  return {
    resource: `${origin}${path}`,
    authorization_servers: [surface.issuer()],
    scopes_supported: [scopeOf(path)],
    bearer_methods_supported: ['header'],
    dpop_signing_alg_values_supported: [...DPOP_ALGORITHMS],
    dpop_bound_access_tokens_required: !surface.secure && !surface.unbound,
    tls_client_certificate_bound_access_tokens: surface.secure,
    resource_name: 'Bailiwick gateway',
  }
}
