// Holds what the scope of a policy covers: which pinned actions, and which principals, so that two scopes can be compared.

import type { EntityUidJson } from '@cedar-policy/cedar-wasm/nodejs'
import { actionUid, effectGroup, effective, systemGroup, uidText } from '../entity.ts'
import type { Policy } from '../policy.ts'
import type { PolicySchema } from '../schema.ts'

/** Principals that a scope lets through; `in` and `is` as Cedar means them. */
export interface Principals {
  /** Absent: of any type. */
  readonly type?: string
  /** Absent: not asked for. */
  readonly in?: { readonly type: string; readonly id: string }
  /** Present: this one alone. */
  readonly self?: { readonly type: string; readonly id: string }
}

/** What is in a type's hierarchy, below it: the types of principals that can be `in` one of its entities. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  Role: ['Instance', 'Person'],
  Agent: ['Instance'],
  Instance: ['Instance'],
  Person: ['Person'],
  Task: ['Task'],
  System: [],
  Action: [],
}

/** The entity that a constraint names; a slot of a template names none. */
function named(constraint: object): { type: string; id: string } | undefined {
  const uid = 'entity' in constraint ? (constraint.entity as EntityUidJson) : undefined
  if (uid === undefined) return undefined
  const { type, id } = '__entity' in uid ? uid.__entity : uid
  return { type, id }
}

/** The principals of a policy. */
export function principalsOf({ json }: Pick<Policy, 'json'>): Principals {
  const { principal } = json
  switch (principal.op) {
    case 'All':
      return {}
    case '==': {
      const self = named(principal)
      return self === undefined ? {} : { type: self.type, self }
    }
    case 'in': {
      const above = named(principal)
      return above === undefined ? {} : { in: above }
    }
    case 'is': {
      const above = principal.in === undefined ? undefined : named(principal.in)
      return { type: principal.entity_type, ...(above !== undefined && { in: above }) }
    }
  }
}

/** Types that a principal of the scope can have. */
export function typesOf(of: Principals): readonly string[] {
  const inside = of.in === undefined ? ['Instance', 'Person', 'Task'] : (BELOW[of.in.type] ?? [])
  return of.type === undefined ? inside : inside.filter((type) => type === of.type)
}

/** True where whoever is let through by `narrow` is by `wide` as well. Says false in doubt. */
export function coversPrincipals(wide: Principals, narrow: Principals): boolean {
  if (wide.self !== undefined) {
    return narrow.self !== undefined && uidText(wide.self) === uidText(narrow.self)
  }
  if (wide.type !== undefined && typesOf(narrow).some((type) => type !== wide.type)) return false
  if (wide.in === undefined) return true
  if (narrow.in !== undefined) return uidText(wide.in) === uidText(narrow.in)
  return narrow.self !== undefined && uidText(wide.in) === uidText(narrow.self)
}

/** Every pinned action with the groups that it is in, made once for a schema. */
export class ActionCover {
  readonly #groups: ReadonlyMap<string, ReadonlySet<string>>
  readonly #systems: ReadonlyMap<string, string>

  constructor(schema: PolicySchema) {
    const groups = new Map<string, Set<string>>()
    const systems = new Map<string, string>()
    for (const [id, { system, definition }] of schema.actions) {
      const above = [systemGroup(system), ...effective(definition.effects).map(effectGroup)]
      groups.set(id, new Set([actionUid(system, definition.name), ...above].map((uid) => uid.id)))
      systems.set(id, system)
    }
    this.#groups = groups
    this.#systems = systems
  }

  /** The ids of the pinned actions that a policy speaks of. */
  of({ json }: Pick<Policy, 'json'>): ReadonlySet<string> {
    const wanted = actionsNamed(json.action)
    const system = systemNamed(json.resource)
    const out = new Set<string>()
    if (system === null) return out
    for (const [id, above] of this.#groups) {
      if (system !== undefined && this.#systems.get(id) !== system) continue
      const fits =
        wanted === undefined ||
        (json.action.op === '==' ? wanted.includes(id) : wanted.some((one) => above.has(one)))
      if (fits) out.add(id)
    }
    return out
  }
}

/** Ids of the actions or groups of a constraint; undefined: any. */
function actionsNamed(action: Policy['json']['action']): string[] | undefined {
  if (action.op === 'All') return undefined
  const one = named(action)
  if (one !== undefined) return [one.id]
  const many = 'entities' in action ? action.entities : []
  return many.map((uid) => ('__entity' in uid ? uid.__entity.id : uid.id))
}

/** The one system that a resource is; undefined: any; null: none can be. */
function systemNamed(resource: Policy['json']['resource']): string | undefined | null {
  if (resource.op === 'All') return undefined
  const one = resource.op === 'is' ? resource.in && named(resource.in) : named(resource)
  if (resource.op === 'is' && resource.entity_type !== 'System') return null
  if (one === undefined) return undefined
  return one.type === 'System' ? one.id : null
}

/** True where a set holds another whole. */
export function holds(wide: ReadonlySet<string>, narrow: ReadonlySet<string>): boolean {
  return [...narrow].every((one) => wide.has(one))
}
