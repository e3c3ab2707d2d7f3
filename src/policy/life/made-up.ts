// Holds the calls of policy tests: a decision's request put together from what a test says.

import {
  canonicalJson,
  isObject,
  parseJson,
  REQUEST_LIMITS,
  type Json,
  type JsonObject,
} from '../../std/json.ts'
import { digest, utf8 } from '../../std/bytes.ts'
import type { DecisionRequest } from '../../wire/decision.ts'
import type { GivenFacts } from '../../wire/policy-test.ts'
import type { PolicySchema } from '../schema.ts'

/** When tests take place that do not say when. */
const NOW = '2026-01-15T12:00:00Z'

/** How long made-up tasks go on (ms). */
const TASK_MS = 3_600_000

/** A request, or why a test makes none. */
export type MadeUp =
  | { readonly ok: true; readonly request: DecisionRequest }
  | { readonly ok: false; readonly member: string; readonly message: string }

/** Integers that a double would round are refused rather than tested wrongly. */
function exact(value: unknown, path: string): Json {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new RangeError(`\`${path}\` is beyond 2^53: write the input as the text of a JSON object`)
  }
  if (Array.isArray(value)) return value.map((one, at) => exact(one, `${path}/${at}`))
  if (typeof value === 'object' && value !== null) {
    const out = Object.create(null) as JsonObject
    for (const [name, inner] of Object.entries(value)) out[name] = exact(inner, `${path}/${name}`)
    return out
  }
  return value as Json
}

function inputOf(input: GivenFacts['input']): JsonObject {
  if (typeof input !== 'string') return exact(input ?? {}, '') as JsonObject
  const tree = parseJson(utf8(input), REQUEST_LIMITS)
  if (!isObject(tree)) throw new RangeError('the input is no JSON object')
  return tree
}

function taskOf(task: NonNullable<GivenFacts['task']>, now: number): DecisionRequest['task'] {
  const scope = task.scope.map(({ action, when }) => ({
    action,
    ...(when !== undefined && { when }),
  }))
  return {
    id: '019aaaaa-0000-7000-8000-000000000001',
    intent: task.intent,
    person: task.person,
    scope,
    budget: {},
    endsAt: now + TASK_MS,
    scopeDigest: digest(canonicalJson(scope as unknown as Json)),
  }
}

/** Puts a request together. The effects are those of the pinned action, so that labels cannot be made up. */
export function madeUp(of: GivenFacts, schema: PolicySchema): MadeUp {
  const { action: id, agent, person, task, delegators, attested, network } = of
  const refuse = (member: string, message: string): MadeUp => ({ ok: false, member, message })
  if (id === undefined) return refuse('action', 'a test names an action')
  if (agent === undefined) return refuse('agent', 'a test says which agent calls')
  const typed = schema.actions.get(id)
  if (typed === undefined) return refuse('action', `there is no pinned action \`${id}\``)
  let input: JsonObject
  try {
    input = inputOf(of.input)
  } catch (error) {
    return refuse('input', error instanceof Error ? error.message : 'is no JSON')
  }
  const now = Date.parse(of.now ?? NOW)
  const request: DecisionRequest = {
    agent: { instance: 'instance-under-test', name: agent.name, roles: agent.roles },
    ...(delegators !== undefined && {
      delegators: delegators.map((one, at) => ({ ...one, instance: `delegator-${at + 1}` })),
    }),
    ...(person !== undefined && { person }),
    ...(task !== undefined && { task: taskOf(task, now)! }),
    ...(of.history !== undefined && { history: of.history }),
    ...(of.environments !== undefined && { environments: of.environments }),
    ...(attested !== undefined && {
      attested: attested as NonNullable<DecisionRequest['attested']>,
    }),
    ...(of.triggers !== undefined && { triggers: of.triggers }),
    ...(of.triggered !== undefined && { triggered: of.triggered }),
    ...(network !== undefined && { network }),
    system: typed.system,
    action: typed.definition.name,
    input,
    effects: typed.definition.effects,
    now,
    setAside: new Set(of.approved),
  }
  return { ok: true, request }
}
