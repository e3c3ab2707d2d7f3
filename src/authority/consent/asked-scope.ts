// Holds what a request asks for: patterns within the resources that it names (RFC 6749 §3.3, RFC 8707 §2).

import { isScopePattern, MAX_PATTERNS, scopeNarrows } from '../../wire/scope.ts'

/**
 * The patterns that a request asks for, given the systems behind its resources (`*` for all). Undefined for a scope that is not
 * made of patterns, or that goes beyond the resources. No scope means all of the resources; `offline_access` says nothing
 * here, since refresh tokens are for every client that can use them.
 */
export function askedScope(
  text: string | undefined,
  systems: readonly string[],
): readonly string[] | undefined {
  const all = systems.includes('*') ? ['*'] : systems.map((system) => `${system}/*`)
  if (text === undefined) return all
  if (text.length > 16_384) return undefined
  const said = [...new Set(text.split(' '))].filter((one) => one !== 'offline_access' && one !== '')
  if (said.length === 0) return all
  if (said.length > MAX_PATTERNS || !said.every(isScopePattern)) return undefined
  if (said.includes('*')) return all
  return scopeNarrows(all, said) ? said.sort() : undefined
}
