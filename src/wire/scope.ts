// Holds scopes: patterns over actions, as delegations and tokens carry them. They only ever narrow.

import { isName } from '../std/id.ts'

/** Patterns of one scope; more are refused, so that checking stays cheap. */
export const MAX_PATTERNS = 64

/** `*`, `<system>/*` or `<system>/<action>`: a system's name, then an action's name without spaces. */
export function isScopePattern(text: string): boolean {
  if (text === '*') return true
  const slash = text.indexOf('/')
  if (slash < 1 || !isName(text.slice(0, slash))) return false
  const action = text.slice(slash + 1)
  // RFC 6749 §3.3 scope-token: printable ASCII without space, quote and backslash.
  return action === '*' || /^[\x21\x23-\x29\x2B-\x5B\x5D-\x7E]{1,128}$/.test(action)
}

/** True when one pattern covers everything that another does. */
export function patternCovers(wide: string, narrow: string): boolean {
  if (wide === '*' || wide === narrow) return true
  return wide.endsWith('/*') && narrow.startsWith(wide.slice(0, -1))
}

/** True when a scope covers the action of a system. */
export function scopeCovers(scope: readonly string[], system: string, action: string): boolean {
  return scope.some((pattern) => patternCovers(pattern, `${system}/${action}`))
}

/** True when a scope could cover some action of the system. */
export function scopeReaches(scope: readonly string[], system: string): boolean {
  return scope.some((pattern) => pattern === '*' || pattern.startsWith(`${system}/`))
}

/** True when every pattern of `narrow` is covered by one of `wide`: passing it on widens nothing. */
export function scopeNarrows(wide: readonly string[], narrow: readonly string[]): boolean {
  return narrow.every((pattern) => wide.some((one) => patternCovers(one, pattern)))
}
