// Holds the listing of actions: which ones a caller may be shown, decided before there are arguments.

import { Authorizer } from './cedar/authorizer.ts'
import type { CompiledPolicy } from './cedar/policy.ts'
import { openContext } from './context.ts'
import { counts, demandsOn, type Demands } from './counts.ts'
import { compiledPolicy } from './engine.ts'
import { actionUid, type Asked, type Subject } from './entity.ts'
import type { DecidingParts } from './parts.ts'
import type { Policy } from './policy.ts'
import { crossing, partiesOf, pinned, questionOf } from './question.ts'
import { inScope, scopeOf } from './scope.ts'

/** Answers that a set remembers; the oldest goes first. */
const MAX_REMEMBERED = 10_000

/** Policies in scope of one question above which their conditions are not looked at: a list is a courtesy, and never slow. */
const MAX_ASKED = 64

/** Policies as they were compiled for a listing; forgotten with their set, or their scope. */
const compiled = new WeakMap<Policy, CompiledPolicy>()

function compiledOnce(policy: Policy): CompiledPolicy {
  const known = compiled.get(policy)
  if (known !== undefined) return known
  const made = compiledPolicy(policy)
  compiled.set(policy, made)
  return made
}

/** Who could speak for and against a party: for a task the permits are its own scope's. */
function speakers(parts: DecidingParts, asked: Asked, subject: Subject): readonly Policy[] {
  const all = [...parts.policies.values()]
  if (asked !== 'task') return all
  const scope = parts.scopes.of(subject.task!)
  if (!scope.ok) return []
  return [...all.filter(({ effect }) => effect === 'forbid'), ...scope.scope.policies]
}

/** What is demanded of permits of some call: a task that is absent now may be opened before it, a user may not. */
function demandsSome(asked: Asked, subject: Subject): Demands {
  const demands = demandsOn(asked, subject)
  return { ...demands, without: demands.without.filter((absent) => absent !== 'task') }
}

/**
 * False only if this party's answer is a denial whatever the arguments and the time are. Gated forbids hide nothing.
 * Every doubt (an error, a trap, too many policies) says true: the call itself is decided in full anyway.
 */
function mayBeAllowed(parts: DecidingParts, asked: Asked, subject: Subject): boolean {
  const scope = scopeOf(asked, subject)
  const demands = demandsSome(asked, subject)
  const candidates = speakers(parts, asked, subject).filter(
    (policy) =>
      policy.gate === undefined &&
      (policy.effect === 'forbid' || counts(demands, policy)) &&
      inScope(policy, scope),
  )
  if (!candidates.some(({ effect }) => effect === 'permit')) return false
  if (candidates.some(forbidsAll)) return false
  if (candidates.length > MAX_ASKED) return true
  const question = questionOf(asked, subject, openContext(subject))
  if (asked !== 'task') return parts.engine.mayAllow(question, candidates)
  // The lines of a task's scope are not of the set: what speaks for and against a task is gathered for the question.
  const ids = candidates.map(({ id }) => id)
  return new Authorizer(candidates.map(compiledOnce)).mayAllow(question.frame, ids)
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
  const { agent, attested = {}, delegators = [], environments, person, task } = subject
  const { system, action, effects, triggers = [], triggered = [] } = subject
  return JSON.stringify([
    actionUid(system, action).id,
    [...effects].sort(),
    agent.name,
    [...agent.roles].sort(),
    person === undefined ? null : [person.id, [...person.roles].sort()],
    byInstance ? [agent, ...delegators].map(({ instance }) => instance) : null,
    delegators.map(({ name, roles }) => [name, [...roles].sort()]),
    crossing(environments),
    task === undefined ? null : [task.id, task.intent, task.person, task.endsAt, task.scopeDigest],
    [...triggers].sort(),
    [...triggered].sort(),
    Object.entries(attested).sort(([a], [b]) => (a < b ? -1 : 1)),
  ])
}

/** Makes a set's lister, with a memory of its own. */
export function lister(parts: DecidingParts): (subject: Subject) => boolean {
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
