// Holds the entities that policies speak of: their uids, their groups, and those that one decision needs.

import type { EntityJson, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs'
import type { DecisionRequest, Party } from '../wire/decision.ts'
import { EFFECTS, type Effect } from '../wire/effect.ts'

/** `type::"id"` as Cedar prints it. */
export function uidText(uid: TypeAndId): string {
  return `${uid.type}::${JSON.stringify(uid.id)}`
}

/** `Action::"<system>/<action>"`. System names have no slash, so the first one divides. */
export function actionUid(system: string, action: string): TypeAndId {
  return { type: 'Action', id: `${system}/${action}` }
}

/** `Action::"system:<name>"`, the group of every action of a system. No action's id looks so: a slash stands in each. */
export function systemGroup(system: string): TypeAndId {
  return { type: 'Action', id: `system:${system}` }
}

/** `Action::"effect:<label>"`, the group of every action with that label. */
export function effectGroup(effect: Effect): TypeAndId {
  return { type: 'Action', id: `effect:${effect}` }
}

/** The labels that count: an action without any has every one (INV-2). */
export function effective(effects: readonly Effect[]): readonly Effect[] {
  return effects.length === 0 ? EFFECTS : effects
}

/** Entity types with the types of their parents. `Team` and `Task` join with their issues. */
export const ENTITY_TYPES: Readonly<Record<string, { readonly memberOfTypes: string[] }>> = {
  Role: { memberOfTypes: [] },
  Agent: { memberOfTypes: ['Role'] },
  Instance: { memberOfTypes: ['Agent'] },
  Person: { memberOfTypes: ['Role'] },
  System: { memberOfTypes: [] },
}

/** What a decision takes from a request apart from its arguments and its time. */
export type Subject = Omit<DecisionRequest, 'input' | 'now' | 'setAside'>

/** The principal of a party; undefined where the request has no such party. */
export function principalOf(party: Party, subject: Subject): TypeAndId | undefined {
  if (party === 'agent') return { type: 'Instance', id: subject.agent.instance }
  return subject.person && { type: 'Person', id: subject.person.id }
}

function roles(names: readonly string[]): TypeAndId[] {
  return names.map((id) => ({ type: 'Role', id }))
}

/** Every entity with parents that a decision needs: the instance, its agent, the person, and the action in its groups. */
export function entitiesOf(subject: Subject): EntityJson[] {
  const { agent, person, system, action } = subject
  const home = { type: 'Agent', id: agent.name }
  const groups = [systemGroup(system), ...effective(subject.effects).map(effectGroup)]
  const out: EntityJson[] = [
    { uid: { type: 'Instance', id: agent.instance }, attrs: {}, parents: [home] },
    { uid: home, attrs: {}, parents: roles(agent.roles) },
    { uid: actionUid(system, action), attrs: {}, parents: groups },
  ]
  if (person !== undefined) {
    out.push({ uid: { type: 'Person', id: person.id }, attrs: {}, parents: roles(person.roles) })
  }
  return out
}

/** The uids that `in` holds for, of the principal of a party: itself and everything above it. */
export function ancestorsOf(party: Party, subject: Subject): ReadonlySet<string> {
  const self = principalOf(party, subject)
  if (self === undefined) return new Set()
  const above =
    party === 'agent'
      ? [{ type: 'Agent', id: subject.agent.name }, ...roles(subject.agent.roles)]
      : roles(subject.person?.roles ?? [])
  return new Set([self, ...above].map(uidText))
}
