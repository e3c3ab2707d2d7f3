// Holds the reading of a token's claims: each as one path and one text, bounded, and none that could pose as another.

import type { JWTPayload } from 'jose'
import { CLAIM_PATH } from './selectors.ts'

const MAX_CLAIMS = 512
const MAX_DEPTH = 6
const MAX_VALUE = 800

/** What says nothing of the workload. */
const OF_THE_TOKEN: ReadonlySet<string> = new Set(['iss', 'aud', 'exp', 'iat', 'nbf', 'jti'])

interface Claim {
  readonly path: string
  readonly value: string
  /** True for a member of a list. */
  readonly listed: boolean
}

/** `oidc:<path>:<value>` of every claim, sorted: texts, whole numbers and booleans, and the members of lists of these. */
export function selectorsOf(payload: JWTPayload): readonly string[] {
  const found = claimsOf(payload).map(({ path, value }) => `oidc:${path}:${value}`)
  return [...new Set(found)].sort()
}

/** Claims by path, for the elements of a composition. A list is no fact: which of its members would it be? */
export function factsOf(payload: JWTPayload): Readonly<Record<string, string>> {
  const single = claimsOf(payload).filter(({ listed }) => !listed)
  return Object.fromEntries(single.map(({ path, value }) => [path, value]))
}

/**
 * Claims with their paths: the names of members from the outermost on, joined by dots. Names may hold dots themselves
 * (`kubernetes.io`), so that two claims could have one path: then neither is there, for whoever may choose the name of one claim
 * would else choose the value of another.
 */
function claimsOf(payload: JWTPayload): readonly Claim[] {
  const out: Claim[] = []
  const routes = new Map<string, string>()
  const ambiguous = new Set<string>()
  const take = (route: readonly string[], value: string, listed: boolean): void => {
    const path = route.join('.')
    const exact = route.join('\n')
    if (!CLAIM_PATH.test(path)) return
    if ((routes.get(path) ?? exact) !== exact) ambiguous.add(path)
    routes.set(path, exact)
    const plain = value !== '' && value.length <= MAX_VALUE && !/\p{Cc}/u.test(value)
    if (plain && out.length < MAX_CLAIMS) out.push({ path, value, listed })
  }
  const walk = (route: readonly string[], value: unknown, listed: boolean): void => {
    if (route.length > MAX_DEPTH) return
    if (typeof value === 'string' || typeof value === 'boolean' || Number.isSafeInteger(value)) {
      take(route, String(value), listed)
    } else if (Array.isArray(value)) {
      // Lists in lists have no path of their own.
      for (const member of value) if (typeof member !== 'object') walk(route, member, true)
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value)) walk([...route, name], member, listed)
    }
  }
  for (const [name, value] of Object.entries(payload)) {
    if (!OF_THE_TOKEN.has(name)) walk([name], value, false)
  }
  return out.filter(({ path }) => !ambiguous.has(path))
}
