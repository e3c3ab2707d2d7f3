// Holds the listing of actions: which ones a caller may be shown, decided before there are arguments.

import { openContext } from './context.ts'
import { crossing, partiesOf, pinned, questionOf } from './decide.ts'
import {
  actionUid,
  ancestorsOf,
  effective,
  effectGroup,
  systemGroup,
  uidText,
  type Asked,
  type Subject,
} from './entity.ts'
import type { PolicyParts } from './parts.ts'
import type { Policy } from './policy.ts'
import { inScope, type Scope } from './scope.ts'

/** Answers that a set remembers; the oldest goes first. */
const MAX_REMEMBERED = 10_000

/** Policies in scope of one question above which their conditions are not looked at: the library parses them anew each time. */
const MAX_ASKED = 64

function scopeOf(asked: Asked, subject: Subject): Scope {
  const { principal, action, resource } = questionOf(asked, subject, {})
  const groups = [systemGroup(subject.system), ...effective(subject.effects).map(effectGroup)]
  return {
    principal,
    principalIn: ancestorsOf(asked, subject),
    action,
    actionIn: new Set([action, ...groups].map(uidText)),
    resource,
  }
}

/**
 * False only if this party's answer is a denial whatever the arguments and the time are. Gated forbids hide nothing.
 * Every doubt (an error, a trap, too many policies) says true: the call itself is decided in full anyway.
 */
function mayBeAllowed(parts: PolicyParts, asked: Asked, subject: Subject): boolean {
  const scope = scopeOf(asked, subject)
  const across = crossing(subject.environments)
  const candidates = [...parts.policies.values()].filter(
    (policy) =>
      policy.gate === undefined &&
      // A permit that does not cross counts for nothing where environments differ.
      (!across || policy.effect === 'forbid' || policy.crosses === 'environment') &&
      inScope(policy, scope),
  )
  if (!candidates.some(({ effect }) => effect === 'permit')) return false
  if (candidates.some(forbidsAll)) return false
  if (candidates.length > MAX_ASKED) return true
  return parts.engine.mayAllow(questionOf(asked, subject, openContext(subject)), candidates)
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
  const { agent, attested = {}, delegators = [], environments, person } = subject
  const { system, action, effects } = subject
  return JSON.stringify([
    actionUid(system, action).id,
    [...effects].sort(),
    agent.name,
    [...agent.roles].sort(),
    person === undefined ? null : [person.id, [...person.roles].sort()],
    byInstance ? [agent, ...delegators].map(({ instance }) => instance) : null,
    delegators.map(({ name, roles }) => [name, [...roles].sort()]),
    crossing(environments),
    Object.entries(attested).sort(([a], [b]) => (a < b ? -1 : 1)),
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
      may = partiesOf(subject).every((asked) => mayBeAllowed(parts, asked, subject))
    } catch {
      return true
    }
    if (remembered.size >= MAX_REMEMBERED) remembered.delete(remembered.keys().next().value!)
    remembered.set(key, may)
    return may
  }
}
