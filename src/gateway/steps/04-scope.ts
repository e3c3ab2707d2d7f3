// Holds the first half of the fourth step: every scope above the actor has to cover the action (INV-4), before policy is asked.

import type { Actor } from '../../wire/actor.ts'
import { scopeCovers } from '../../wire/scope.ts'
import { deny, type Denial } from '../denial.ts'

/** True when every scope covers the action. */
export function inScope(
  { scopes }: Pick<Actor, 'scopes'>,
  system: string,
  action: string,
): boolean {
  return scopes.every((scope) => scopeCovers(scope, system, action))
}

/**
 * Denies what a scope does not cover. Where only the token's own scope is too narrow, a wider token would do, and the client is
 * told so (RFC 6750 §3.1); what a delegation does not cover, no token can.
 */
export function checkScope(
  actor: Pick<Actor, 'scopes' | 'credential'>,
  system: string,
  action: string,
): Denial | undefined {
  const { credential, scopes } = actor
  const narrow = scopes.filter((scope) => !scopeCovers(scope, system, action))
  if (narrow.length === 0) return undefined
  if (narrow.every((scope) => scope === credential.scope)) {
    return deny(
      'authenticate.insufficient_scope',
      'the scope of the token does not cover this action',
    )
  }
  return deny('decide.out_of_scope', 'the delegation does not cover this action')
}
