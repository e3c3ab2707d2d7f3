// Holds the reach of an agent: which pinned actions it could call in the ways in which it can act now, and what bounds it there.

import type { Effect } from '../wire/effect.ts'
import { scopeCovers } from '../wire/scope.ts'
import type { ActionDefinition, SystemDefinition } from '../wire/system.ts'
import { counts, demandsOn } from './counts.ts'
import { effective, partyOf, type Asked, type Subject } from './entity.ts'
import { conditionsOf } from './explain/clause.ts'
import type { Policy } from './policy.ts'
import { partiesOf } from './question.ts'
import { inScope, scopeOf } from './scope.ts'
import type { PolicySet } from './set.ts'

/** One way in which an agent can act: for whom, through whom, on which task. */
export interface Way {
  readonly subject: Pick<Subject, 'agent' | 'delegators' | 'person' | 'task'>
  /** Scopes of everything above it: each of them has to cover an action. */
  readonly scopes: readonly (readonly string[])[]
}

/** A condition that a policy sets, as it is written. */
export interface Bound {
  readonly policy: string
  readonly effect: 'permit' | 'forbid'
  readonly kind: 'when' | 'unless'
  readonly text: string
}

/** What an agent could do with one action. */
export interface Reached {
  readonly system: string
  readonly action: string
  readonly effects: readonly Effect[]
  /** Data labels of what it returns. */
  readonly labels: readonly string[]
  /** Permits that let the agent itself: any of them is enough. */
  readonly permits: readonly string[]
  /** Gates that may have to agree first. */
  readonly gates: readonly {
    readonly name: string
    readonly policy: string
    readonly always: boolean
  }[]
  /** What arguments, times or counts decide. Empty: nothing does, whatever it sends is let through. */
  readonly bounds: readonly Bound[]
  /** Places in the list of ways. */
  readonly ways: readonly number[]
  readonly triggers: readonly string[]
  readonly triggered: readonly Effect[]
}

/** What the reach is computed from. */
export interface ReachParts {
  readonly set: Pick<PolicySet, 'mayCall' | 'policies'>
  readonly ways: readonly Way[]
  readonly environments: NonNullable<Subject['environments']>
  readonly setOff: (
    system: string,
    action: string,
  ) => { readonly triggers: readonly string[]; readonly triggered: readonly Effect[] }
}

/** Conditions of one policy that are told, and characters of one. */
const MAX_TEXT = 240

function boundsOf({ id, effect, text }: Policy): Bound[] {
  return conditionsOf(text).map((condition) => ({
    policy: id,
    effect,
    kind: condition.kind,
    text: condition.text.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_TEXT),
  }))
}

/** The policies that speak for and against a party, as far as their scopes say. */
function speaking(set: ReachParts['set'], asked: Asked, subject: Subject): Policy[] {
  const scope = scopeOf(asked, subject)
  const demands = demandsOn(asked, subject)
  return [...set.policies.values()].filter(
    (policy) => (policy.effect === 'forbid' || counts(demands, policy)) && inScope(policy, scope),
  )
}

function reached(parts: ReachParts, system: string, action: ActionDefinition): Reached | undefined {
  const { name, effects, labels = [] } = action
  const setOff = parts.setOff(system, name)
  const subjects = parts.ways.map(({ subject, scopes }): Subject | undefined => {
    if (!scopes.every((scope) => scopeCovers(scope, system, name))) return undefined
    const { environments } = parts
    const whole = { ...subject, environments, system, action: name, effects, ...setOff }
    // Listing counts on a task that may yet be opened; what can be done now does not.
    const permitted = partiesOf(whole).every(
      (asked) =>
        asked === 'task' ||
        speaking(parts.set, asked, whole).some(({ effect }) => effect === 'permit'),
    )
    return permitted && parts.set.mayCall(whole) ? whole : undefined
  })
  const ways = [...subjects.keys()].filter((at) => subjects[at] !== undefined)
  if (ways.length === 0) return undefined
  const permits = new Set<string>()
  const against = new Map<string, Policy>()
  const asking = new Map<string, Policy>()
  for (const subject of subjects) {
    if (subject === undefined) continue
    for (const asked of partiesOf(subject)) {
      const all = speaking(parts.set, asked, subject)
      for (const policy of all) if (policy.effect === 'forbid') against.set(policy.id, policy)
      const letting = all.filter(({ effect }) => effect === 'permit')
      if (partyOf(asked) === 'agent') for (const { id } of letting) permits.add(id)
      // One permit without a condition opens this party, whatever the others ask for.
      if (letting.some(({ json }) => json.conditions.length === 0)) continue
      for (const policy of letting) asking.set(policy.id, policy)
    }
  }
  return {
    system,
    action: name,
    effects: effective(effects),
    labels,
    permits: [...permits],
    gates: [...against.values()].flatMap(({ id, gate, json }) =>
      gate === undefined ? [] : [{ name: gate, policy: id, always: json.conditions.length === 0 }],
    ),
    bounds: [...asking.values(), ...against.values()].flatMap(boundsOf),
    ways,
    ...setOff,
  }
}

/** What of one system an agent could call. Pure; nothing is cached. */
export function reachOf(parts: ReachParts, { name, actions }: SystemDefinition): Reached[] {
  return actions.flatMap((action) => reached(parts, name, action) ?? [])
}
