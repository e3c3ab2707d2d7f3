// Holds the part of a schema that the conditions of a scope have to be right under: as few actions as say all that there is to say.

import type { ActionType, SchemaJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { TaskPermit } from '../wire/task.ts'
import { nearest } from './problem.ts'
import type { PolicySchema } from './schema.ts'

/** Actions of different arguments that one condition may be about: each is a type check of the library's own. */
const MAX_TYPES = 128

type Actions = Readonly<Record<string, ActionType<string>>>

/** The actions that a pattern covers, by their ids; undefined where it names what nobody pinned. */
function covered(pattern: string, { actions }: PolicySchema): readonly string[] | undefined {
  if (pattern === '*') return [...actions.keys()]
  if (!pattern.endsWith('/*')) return actions.has(pattern) ? [pattern] : undefined
  const system = pattern.slice(0, -2)
  const found = [...actions].filter(([, action]) => action.system === system).map(([id]) => id)
  return found.length === 0 ? undefined : found
}

/** Why a pattern covers nothing; undefined where it covers something. */
export function unknownPattern(
  pattern: string,
  schema: PolicySchema,
): { readonly message: string; readonly help?: string } | undefined {
  // A home without systems has nothing to cover yet.
  if (pattern === '*' || covered(pattern, schema) !== undefined) return undefined
  const whole = pattern.endsWith('/*')
  const systems = [...new Set([...schema.actions.values()].map(({ system }) => `${system}/*`))]
  const near = nearest(pattern, whole ? systems : [...schema.actions.keys()])
  return {
    message: `no ${whole ? 'system' : 'action'} of the name \`${pattern}\` is pinned`,
    ...(near !== undefined && { help: `did you mean \`${near}\`?` }),
  }
}

function actionsOf(schema: PolicySchema): Actions {
  return schema.json['']!.actions
}

/**
 * Of the actions that a condition is about, those that it has to be held against. Actions differ in their names and groups and in the
 * type of `context.input`; where a condition speaks of neither, one stands for all. Whoever spells names with escapes is taken to
 * speak of everything.
 */
function telling(when: string, ids: readonly string[], schema: PolicySchema): readonly string[] {
  const escaped = when.includes('\\')
  if (escaped || /action/i.test(when)) return ids
  if (!when.includes('input') && !/\bcontext\b(?!\s*[.[]|\s+has\b)/.test(when))
    return ids.slice(0, 1)
  const actions = actionsOf(schema)
  const byType = new Map(ids.map((id) => [JSON.stringify(actions[id]!.appliesTo?.context), id]))
  return [...byType.values()]
}

/** The schema to hold conditions against; a string says why there are too many actions to do that. */
export function schemaFor(
  lines: readonly TaskPermit[],
  schema: PolicySchema,
): SchemaJson<string> | string {
  const wanted = new Set<string>()
  let named = false
  for (const { action, when } of lines) {
    if (when === undefined) continue
    const ids = covered(action, schema) ?? []
    const chosen = telling(when, ids, schema)
    if (chosen.length > MAX_TYPES) {
      return `\`${action}\` covers actions of more than ${MAX_TYPES} kinds of arguments: name the actions that the condition is about`
    }
    for (const id of chosen) wanted.add(id)
    named ||= /action/i.test(when) || when.includes('\\')
  }
  const whole = actionsOf(schema)
  const actions: Record<string, ActionType<string>> = {}
  for (const [id, action] of Object.entries(whole)) {
    const { appliesTo, ...rest } = action
    // Groups, and where conditions name actions the names of all of them.
    if (appliesTo === undefined || appliesTo === null) actions[id] = action
    else if (wanted.has(id)) {
      actions[id] = { ...rest, appliesTo: { ...appliesTo, principalTypes: ['Task'] } }
    } else if (named) actions[id] = rest
  }
  return { '': { entityTypes: schema.json['']!.entityTypes, actions } }
}
