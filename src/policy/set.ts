// Holds a compiled policy set: what it decides, what it lists, and what it is made of.

import type { Explanation } from '../wire/api/explanation.ts'
import type { Decision, DecisionRequest } from '../wire/decision.ts'
import type { TaskPermit } from '../wire/task.ts'
import { decide } from './decide.ts'
import { libraryEngine } from './engine.ts'
import type { Subject } from './entity.ts'
import { advise } from './explain/advise.ts'
import { explain } from './explain/explain.ts'
import { lister } from './list.ts'
import type { DecidingParts, PolicyParts } from './parts.ts'
import type { Problem } from './problem.ts'
import { compileScope } from './task-scope.ts'
import { TaskScopes } from './task-scopes.ts'

/** A set of policies that has been validated and decides. Immutable; a new set is a new object. */
export interface PolicySet extends Omit<PolicyParts, 'engine'> {
  /** Decides one call. Never throws: whatever goes wrong is a denial with a reason (INV-2). */
  decide(request: DecisionRequest): Decision
  /**
   * The same decision by the library alone, slowly: what `decide` is compared with, and what decides where the two have not
   * agreed. Never throws.
   */
  secondOpinion(request: DecisionRequest): Decision
  /** False only if every call of the action would be denied, whatever its arguments and whenever. Never throws. */
  mayCall(subject: Subject): boolean
  /** Explains what would be decided, for operators. Never throws; not for the path of calls. */
  explain(request: DecisionRequest, options?: { readonly values?: boolean }): Explanation
  /** What the agent is told of a denial besides its reason. Never throws. */
  advise(request: DecisionRequest, decision: Decision): readonly string[]
  /** Everything that is wrong with the scope of a task under these policies' schema; empty: a task may have it. */
  checkTaskScope(scope: readonly TaskPermit[]): readonly Problem[]
}

/** Makes the set of its parts. */
export function policySet(parts: PolicyParts): PolicySet {
  const { digest, schema, policies } = parts
  const deciding: DecidingParts = { ...parts, scopes: new TaskScopes(schema) }
  const library: DecidingParts = {
    ...parts,
    engine: libraryEngine([...policies.values()]),
    scopes: new TaskScopes(schema, libraryEngine),
  }
  return {
    digest,
    schema,
    policies,
    secondOpinion: (request) => decide(library, request),
    decide: (request) => decide(deciding, request),
    mayCall: lister(deciding),
    explain: (request, options) => explain(deciding, request, options),
    advise: (request, decision) => advise(deciding, request, decision),
    checkTaskScope: (scope) => {
      const compiled = compileScope(scope, schema)
      return compiled.ok ? [] : compiled.problems
    },
  }
}
