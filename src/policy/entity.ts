// Holds the entities that policies speak of: their uids, their groups, and those that one decision needs.

import type { EntityJson, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs'
import type { Entities, Entity } from './cedar/entities.ts'
import { EMPTY } from './cedar/record.ts'
import { Uid } from './cedar/uid.ts'
import type { AgentFacts, DecisionRequest, Party } from '../wire/decision.ts'
import { EFFECTS, type Effect } from '../wire/effect.ts'
import { policyFault } from './faults.ts'

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

/** Entity types with the types of their parents. */
export const ENTITY_TYPES: Readonly<Record<string, { readonly memberOfTypes: string[] }>> = {
  Role: { memberOfTypes: [] },
  Agent: { memberOfTypes: ['Role'] },
  Instance: { memberOfTypes: ['Agent'] },
  Person: { memberOfTypes: ['Role'] },
  System: { memberOfTypes: [] },
  Task: { memberOfTypes: [] },
}

/** What a decision takes from a request apart from its arguments and its time. */
export type Subject = Omit<DecisionRequest, 'input' | 'now' | 'setAside'>

/** Types of the principals of an action: every party is one of these. */
const PRINCIPAL_TYPES = ['Instance', 'Person', 'Task']

/** What a system may ask back: of these the principal is the system, and nobody else. */
const ASKED: ReadonlySet<string> = new Set([
  'elicitation/create',
  'roots/list',
  'sampling/createMessage',
])

/** Types of the principals of one action. */
export function principalTypes(action: string): string[] {
  return ASKED.has(action) ? ['System'] : PRINCIPAL_TYPES
}

/** Who is asked: the person, the agent, one of those that passed authority on to it, the task. */
export type Asked = Exclude<Party, 'delegator'> | AgentFacts

/** Which party that is. */
export function partyOf(asked: Asked): Party {
  return typeof asked === 'string' ? asked : 'delegator'
}

/** The principal of a party; undefined where the request has no such party. */
export function principalOf(asked: Asked, subject: Subject): TypeAndId | undefined {
  if (asked === 'person') return subject.person && { type: 'Person', id: subject.person.id }
  if (asked === 'task') return subject.task && { type: 'Task', id: subject.task.id }
  if (asked === 'system') return { type: 'System', id: subject.system }
  return { type: 'Instance', id: (asked === 'agent' ? subject.agent : asked).instance }
}

function roles(names: readonly string[]): TypeAndId[] {
  return names.map((id) => ({ type: 'Role', id }))
}

/** Every entity with parents that a decision needs: instances, their agents, the person, and the action in its groups. */
export function entitiesOf(subject: Subject): EntityJson[] {
  const { agent, delegators = [], person, task, system, action } = subject
  const groups = [systemGroup(system), ...effective(subject.effects).map(effectGroup)]
  const out: EntityJson[] = [
    ...agentEntities(agent),
    { uid: actionUid(system, action), attrs: {}, parents: groups },
  ]
  // No agent is in a chain twice; were it so, the library would refuse the question, which denies.
  for (const one of delegators) out.push(...agentEntities(one))
  if (person !== undefined) {
    out.push({ uid: { type: 'Person', id: person.id }, attrs: {}, parents: roles(person.roles) })
  }
  if (task !== undefined) out.push({ uid: { type: 'Task', id: task.id }, attrs: {}, parents: [] })
  return out
}

function agentEntities({ instance, name, roles: held }: AgentFacts): EntityJson[] {
  const home = { type: 'Agent', id: name }
  return [
    { uid: { type: 'Instance', id: instance }, attrs: {}, parents: [home] },
    { uid: home, attrs: {}, parents: roles(held) },
  ]
}

/** The few keys that stand above an entity of ours. */
class Above {
  readonly #keys: readonly string[]

  constructor(keys: readonly string[]) {
    this.#keys = keys
  }

  has(key: string): boolean {
    return this.#keys.includes(key)
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#keys[Symbol.iterator]()
  }
}

/** The same entities as values: what `entitiesOf` says, with everything that stands above each. */
export class SubjectEntities implements Entities {
  readonly #entities = new Map<string, Entity>()

  /** Throws `policy.engine` where an agent is in a chain twice: which of its facts would hold is not known. */
  constructor(subject: Subject) {
    const { agent, delegators = [], person, task, system, action } = subject
    this.#agent(agent)
    for (const one of delegators) this.#agent(one)
    if (person !== undefined) this.#add(new Uid('Person', person.id), person.roles.map(roleKey))
    if (task !== undefined) this.#add(new Uid('Task', task.id), [])
    const groups = [systemGroup(system), ...effective(subject.effects).map(effectGroup)]
    this.#add(
      uidOf(actionUid(system, action)),
      groups.map((group) => uidOf(group).key),
    )
  }

  get(key: string): Entity | undefined {
    return this.#entities.get(key)
  }

  #agent({ instance, name, roles: held }: AgentFacts): void {
    const home = new Uid('Agent', name)
    const above = held.map(roleKey)
    this.#add(new Uid('Instance', instance), [home.key, ...above])
    this.#add(home, above)
  }

  #add(uid: Uid, above: readonly string[]): void {
    if (this.#entities.has(uid.key)) {
      throw policyFault('policy.engine', 'an agent stands twice in the chain of a call')
    }
    const entity = { uid, above: new Above(above), attributes: EMPTY, tags: EMPTY }
    this.#entities.set(uid.key, entity)
  }
}

function roleKey(name: string): string {
  return new Uid('Role', name).key
}

/** A uid as a value. */
export function uidOf({ type, id }: TypeAndId): Uid {
  return new Uid(type, id)
}

/** The uids that `in` holds for, of the principal of a party: itself and everything above it. */
export function ancestorsOf(asked: Asked, subject: Subject): ReadonlySet<string> {
  const self = principalOf(asked, subject)
  if (self === undefined) return new Set()
  if (asked === 'task' || asked === 'system') return new Set([uidText(self)])
  const agent = asked === 'agent' ? subject.agent : asked
  const above =
    agent === 'person'
      ? roles(subject.person?.roles ?? [])
      : [{ type: 'Agent', id: agent.name }, ...roles(agent.roles)]
  return new Set([self, ...above].map(uidText))
}
