// Holds the Cedar schema of a set of systems: every pinned action, its groups, and the type of its context.

import type { ActionType, SchemaJson, Type } from '@cedar-policy/cedar-wasm/nodejs'
import type { CompositionElement } from '../wire/actor.ts'
import { EFFECTS } from '../wire/effect.ts'
import type { HistoryFacts } from '../wire/history.ts'
import type { ActionDefinition, SystemDefinition } from '../wire/system.ts'
import {
  actionUid,
  effectGroup,
  effective,
  ENTITY_TYPES,
  principalTypes,
  systemGroup,
} from './entity.ts'
import { inputType, type CedarType, type LeftOut, type RecordType } from './type.ts'

/** An action as policies know it. */
export interface TypedAction {
  readonly system: string
  readonly definition: ActionDefinition
  readonly input: RecordType
  /** Arguments that no policy can speak of, because Cedar cannot say their type. */
  readonly leftOut: readonly LeftOut[]
}

/** The schema that a policy set is validated against, and the types that its contexts are built by. */
export interface PolicySchema {
  readonly json: SchemaJson<string>
  /** By the id of the action's uid: `<system>/<action>`. */
  readonly actions: ReadonlyMap<string, TypedAction>
}

/** A system's name as policies can hold it; anything else could be taken for a group or for another system. */
export const SYSTEM_NAME = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/

const STRINGS: Type<string> = { type: 'Set', element: { type: 'String' } }

const ELEMENTS = ['instructions', 'tools', 'model', 'code'] satisfies CompositionElement[]

const ATTESTED: Type<string> = {
  type: 'Record',
  attributes: Object.fromEntries(
    ELEMENTS.map((name) => [name, { type: 'String', required: false }]),
  ),
}

function cedarJson(type: CedarType): Type<string> {
  switch (type.kind) {
    case 'string':
      return { type: 'String' }
    case 'long':
      return { type: 'Long' }
    case 'bool':
      return { type: 'Boolean' }
    case 'decimal':
      return { type: 'Extension', name: 'decimal' }
    case 'set':
      return { type: 'Set', element: cedarJson(type.element) }
    case 'record': {
      const attributes = [...type.attributes].map(
        ([name, { type: inner, required }]) => [name, { ...cedarJson(inner), required }] as const,
      )
      return { type: 'Record', attributes: Object.fromEntries(attributes) }
    }
  }
}

const LONG: Type<string> = { type: 'Long' }
const DATETIME: Type<string> = { type: 'Extension', name: 'datetime' }

function required(attributes: Readonly<Record<string, Type<string>>>): Type<string> {
  const all = Object.entries(attributes).map(
    ([name, type]) => [name, { ...type, required: true }] as const,
  )
  return { type: 'Record', attributes: Object.fromEntries(all) }
}

const WINDOWS = required({ minute: LONG, hour: LONG, day: LONG })

/** What `context.history` holds, as HistoryFacts says it. */
const HISTORY = required({
  calls: WINDOWS,
  writes: WINDOWS,
  same: WINDOWS,
  denials: WINDOWS,
  errors: WINDOWS,
  money: WINDOWS,
  bytes: WINDOWS,
  recipients: WINDOWS,
  actions: STRINGS,
  labels: STRINGS,
} satisfies Record<keyof HistoryFacts, Type<string>>)

const TASK = required({
  id: { type: 'String' },
  intent: { type: 'String' },
  person: { type: 'Entity', name: 'Person' },
  endsAt: DATETIME,
})

const NETWORK = required({
  listener: { type: 'String' },
  ip: { type: 'Extension', name: 'ipaddr' },
})

function contextOf(input: RecordType): Type<string> {
  return {
    type: 'Record',
    attributes: {
      input: { ...cedarJson(input), required: true },
      unseen: { ...STRINGS, required: true },
      effects: { ...STRINGS, required: true },
      triggers: { ...STRINGS, required: true },
      history: { ...HISTORY, required: true },
      now: { ...DATETIME, required: true },
      user: { type: 'Entity', name: 'Person', required: false },
      task: { ...TASK, required: false },
      network: { ...NETWORK, required: false },
      attested: { ...ATTESTED, required: false },
    },
  }
}

/**
 * Generates the schema of the systems' pinned actions (DESIGN §6). Context:
 * `input` arguments, typed per action · `unseen` pointers of arguments that were sent and are not in `input` ·
 * `effects` labels, of the action and of everything that it would set off · `triggers` what that is · `history` what the lineage
 * has done (reading it errs where none is kept) · `now` · `user` the person on whose behalf the agent acts, absent when it acts
 * unattended · `task` what it works on, absent when on none · `network` where the request came from · `attested` the elements of
 * the instance's composition that were attested, absent where none was: what an instance merely claims is never seen.
 * New attributes break no policy.
 */
export function policySchema(systems: readonly SystemDefinition[]): PolicySchema {
  const groups = [...systems.map((s) => systemGroup(s.name)), ...EFFECTS.map(effectGroup)]
  const json: [string, ActionType<string>][] = groups.map(({ id }) => [id, {}])
  const actions = new Map<string, TypedAction>()
  for (const { name: system, actions: definitions } of systems) {
    for (const definition of definitions) {
      const { id } = actionUid(system, definition.name)
      const { type: input, leftOut } = inputType(definition.inputSchema)
      actions.set(id, { system, definition, input, leftOut })
      json.push([
        id,
        {
          memberOf: [
            { id: systemGroup(system).id },
            ...effective(definition.effects).map((effect) => ({ id: effectGroup(effect).id })),
          ],
          appliesTo: {
            principalTypes: principalTypes(definition.name),
            resourceTypes: ['System'],
            context: contextOf(input),
          },
        },
      ])
    }
  }
  const entityTypes = structuredClone(ENTITY_TYPES)
  return { json: { '': { entityTypes, actions: Object.fromEntries(json) } }, actions }
}
