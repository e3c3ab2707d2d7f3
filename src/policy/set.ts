// Holds a compiled policy set: what it decides, what it lists, and what it is made of.

import type { Decision, DecisionRequest } from '../wire/decision.ts'
import { decide } from './decide.ts'
import type { Subject } from './entity.ts'
import { lister } from './list.ts'
import type { PolicyParts } from './parts.ts'

/** A set of policies that has been validated and decides. Immutable; a new set is a new object. */
export interface PolicySet extends Omit<PolicyParts, 'engine'> {
  /** Decides one call. Never throws: whatever goes wrong is a denial with a reason (INV-2). */
  decide(request: DecisionRequest): Decision
  /** False only if every call of the action would be denied, whatever its arguments and whenever. Never throws. */
  mayCall(subject: Subject): boolean
}

/** Makes the set of its parts. */
export function policySet(parts: PolicyParts): PolicySet {
  const { digest, schema, policies } = parts
  return {
    digest,
    schema,
    policies,
    decide: (request) => decide(parts, request),
    mayCall: lister(parts),
  }
}
