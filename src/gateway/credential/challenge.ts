// Holds the challenges of 401 and 403 (RFC 6750 §3, RFC 9449 §7.1, RFC 9728 §5.1, MCP 2025-11-25 and 2026-07-28 authorization).

import { DPOP_ALGORITHMS } from '../../wire/dpop.ts'
import type { CredentialRefusal } from './refusal.ts'

/** What a challenge tells besides the error. */
export interface ChallengeFacts {
  /** URL of the metadata of what was asked for (RFC 9728 §5.1). */
  readonly metadata: string
  /** Scope that would do for the whole resource. */
  readonly scope: string
}

/**
 * The values of WWW-Authenticate: Bearer first, because clients that know no DPoP read the first one alone. An error is told
 * under the scheme that was used; who showed nothing is told none (RFC 6750 §3.1).
 */
export function challenges(refusal: CredentialRefusal, facts: ChallengeFacts): string[] {
  const told =
    refusal.error === undefined
      ? []
      : [`error="${refusal.error}"`, `error_description="${quotable(refusal.detail)}"`]
  const scope = `scope="${refusal.scope ?? facts.scope}"`
  const where = `resource_metadata="${facts.metadata}"`
  const dpop = refusal.scheme === 'DPoP'
  return [
    `Bearer ${[...(dpop ? [] : told), scope, where].join(', ')}`,
    `DPoP ${[...(dpop ? told : []), `algs="${DPOP_ALGORITHMS.join(' ')}"`, scope, where].join(', ')}`,
  ]
}

/** RFC 6750 §3: what an error description may hold. */
function quotable(text: string): string {
  return text.replaceAll(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "'")
}
