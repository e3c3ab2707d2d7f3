// Holds the listing of actions: which ones a caller may be shown, decided before there are arguments.

import type { Party } from '../wire/decision.ts'
import { openContext } from './context.ts'
import { partiesOf, pinned, questionOf } from './decide.ts'
import {
  actionUid,
  ancestorsOf,
  effective,
  effectGroup,
  systemGroup,
  uidText,
  type Subject,
} from './entity.ts'
import type { PolicyParts } from './parts.ts'
import type { Policy } from './policy.ts'
import { inScope, type Scope } from './scope.ts'

/** Answers that a set remembers; the oldest goes first. */
const MAX_REMEMBERED = 10_000

/** Policies in scope of one question above which their conditions are not looked at: the library parses them anew each time. */
const MAX_ASKED = 64

function scopeOf(party: Party, subject: Subject): Scope {
  const { principal, action, resource } = questionOf(party, subject, {})
  const groups = [systemGroup(subject.system), ...effective(subject.effects).map(effectGroup)]
  return {
    principal,
    principalIn: ancestorsOf(party, subject),
    action,
    actionIn: new Set([action, ...groups].map(uidText)),
    resource,
  }
}

/**
 * False only if this party's answer is a denial whatever the arguments and the time are. Gated forbids hide nothing.
 * Every doubt (an error, a trap, too many policies) says true: the call itself is decided in full anyway.
 */
function mayBeAllowed(parts: PolicyParts, party: Party, subject: Subject): boolean {
  const scope = scopeOf(party, subject)
  const candidates = [...parts.policies.values()].filter(
    (policy) => policy.gate === undefined && inScope(policy, scope),
  )
  if (!candidates.some(({ effect }) => effect === 'permit')) return false
  if (candidates.some(forbidsAll)) return false
  if (candidates.length > MAX_ASKED) return true
  return parts.engine.mayAllow(questionOf(party, subject, openContext(subject)), candidates)
}

/** A forbid without conditions; in scope, it denies. */
function forbidsAll({ effect, json }: Policy): boolean {
  return effect === 'forbid' && json.conditions.length === 0
}

/**
 * Everything that an answer depends on. The instance is part of it only where some policy names instances, so that the
 * next instance of the same agent finds the answer.
 */
function keyOf(subject: Subject, byInstance: boolean): string {
  const { agent, person, system, action, effects } = subject
  return JSON.stringify([
    actionUid(system, action).id,
    [...effects].sort(),
    agent.name,
    [...agent.roles].sort(),
    person === undefined ? null : [person.id, [...person.roles].sort()],
    byInstance ? agent.instance : null,
  ])
}

/** Makes a set's lister, with a memory of its own. */
export function lister(parts: PolicyParts): (subject: Subject) => boolean {
  const remembered = new Map<string, boolean>()
  const byInstance = [...parts.policies.values()].some(({ text }) => text.includes('Instance'))
  return (subject) => {
    const key = keyOf(subject, byInstance)
    const known = remembered.get(key)
    if (known !== undefined) return known
    try {
      pinned(parts, subject)
    } catch {
      return false
    }
    let may: boolean
    try {
      may = partiesOf(subject).every((party) => mayBeAllowed(parts, party, subject))
    } catch {
      return true
    }
    if (remembered.size >= MAX_REMEMBERED) remembered.delete(remembered.keys().next().value!)
    remembered.set(key, may)
    return may
  }
}
