// Holds the questions of a call: who is asked, about which pinned action, with which context.

import type { DecisionRequest } from '../wire/decision.ts'
import { recordToJson } from './cedar/to-json.ts'
import type { CallContext } from './context.ts'
import type { Question } from './engine.ts'
import {
  actionUid,
  effective,
  entitiesOf,
  principalOf,
  uidOf,
  type Asked,
  type Subject,
} from './entity.ts'
import { policyFault } from './faults.ts'
import type { PolicyParts } from './parts.ts'
import type { TypedAction } from './schema.ts'
import { scopeOf } from './scope.ts'

/**
 * The pinned action that a request names. Throws `policy.unknown_action`, or `policy.stale` if the request's labels are
 * not those that the set was compiled with.
 */
export function pinned(parts: Pick<PolicyParts, 'schema'>, subject: Subject): TypedAction {
  const { id } = actionUid(subject.system, subject.action)
  const action = parts.schema.actions.get(id)
  if (action?.system !== subject.system || action.definition.name !== subject.action) {
    throw policyFault('policy.unknown_action', 'the action is not known to the policies in force')
  }
  // The very list that was pinned, as a rule.
  if (subject.effects === action.definition.effects) return action
  const known = new Set(effective(action.definition.effects))
  const given = new Set(effective(subject.effects))
  if (known.size !== given.size || [...given].some((effect) => !known.has(effect))) {
    throw policyFault('policy.stale', 'the policies in force know other effects of this action')
  }
  return action
}

/** Who is asked: the system, where it asks; else the person, where there is one, then down the chain to the agent itself, then the task, where there is one. */
export function partiesOf({ asking, delegators = [], person, task }: Subject): Asked[] {
  if (asking === true) return ['system']
  const asked: Asked[] = person === undefined ? [...delegators] : ['person', ...delegators]
  asked.push('agent')
  if (task !== undefined) asked.push('task')
  return asked
}

/** A party's question about an action, with the context that is given. */
export function questionOf(asked: Asked, subject: Subject, context: CallContext): Question {
  const principal = principalOf(asked, subject)!
  const action = actionUid(subject.system, subject.action)
  const resource = { type: 'System', id: subject.system }
  return {
    frame: {
      principal: uidOf(principal),
      action: uidOf(action),
      resource: uidOf(resource),
      context,
      entities: context.entities,
    },
    scope: () => scopeOf(asked, subject),
    json: () => ({
      principal,
      action,
      resource,
      context: recordToJson(context),
      entities: entitiesOf(subject),
    }),
  }
}

/** True where the agent is of another environment than the system. */
export function crossing(
  environments: DecisionRequest['environments'],
): environments is NonNullable<typeof environments> {
  return environments !== undefined && environments.agent !== environments.system
}
