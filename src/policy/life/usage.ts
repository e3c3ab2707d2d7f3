// Holds the summing up of what an agent used: actions with what their arguments were, bounded however many calls there are.

import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { UsedAction, UsedArgument } from '../../wire/api/policy-usage.ts'
import { rfc3339 } from '../../std/clock.ts'
import type { TrafficEntry } from '../../wire/traffic.ts'
import { absentOf } from '../counts.ts'
import { isNumber, numberText, toDecimal, toLong } from '../number.ts'
import { crossing } from '../question.ts'
import type { PolicySchema, TypedAction } from '../schema.ts'
import { pointer, type RecordType } from '../type.ts'

/** Different values of one argument that are remembered, and characters of one. */
const MOST_VALUES = 32
const MOST_CHARACTERS = 256

/** Arguments of one action that are looked at, and pointers that no policy sees. */
const MOST_ARGUMENTS = 128
const MOST_UNSEEN = 32

interface Argument {
  readonly path: readonly string[]
  readonly kind: UsedArgument['kind']
  readonly required: boolean
  calls: number
  values: Map<string, number> | undefined
  least: string | undefined
  greatest: string | undefined
}

interface Action {
  readonly typed: TypedAction
  calls: number
  first: number
  last: number
  readonly without: Set<'user' | 'task'>
  crosses: boolean
  readonly arguments: readonly Argument[]
  unseen: Set<string> | undefined
}

/** Every argument that policies can speak of, those of nested records too. */
function argumentsOf(type: RecordType, path: readonly string[] = [], sure = true): Argument[] {
  return [...type.attributes].flatMap(([name, { type: inner, required }]): Argument[] => {
    const at = [...path, name]
    const needed = sure && required
    if (inner.kind === 'record') return argumentsOf(inner, at, needed)
    if (inner.kind === 'set' && inner.element.kind !== 'string') return []
    const { kind } = inner
    const empty = { calls: 0, values: new Map<string, number>() }
    return [{ path: at, kind, required: needed, ...empty, least: undefined, greatest: undefined }]
  })
}

function at(input: JsonObject, path: readonly string[]): Json | undefined {
  let value: Json | undefined = input
  for (const name of path) {
    value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
  }
  return value === null ? undefined : value
}

/** Compares two decimals, or two integers, by their exact text. */
function lower(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => {
    const [whole = '0', fraction = ''] = text.split('.')
    return BigInt(whole.replace(/^-0*$/, '0') + fraction.padEnd(4, '0').slice(0, 4))
  })
  return x! < y!
}

function note(argument: Argument, text: string): void {
  if (argument.values === undefined) return
  if (text.length > MOST_CHARACTERS) argument.values = undefined
  else argument.values.set(text, (argument.values.get(text) ?? 0) + 1)
  if ((argument.values?.size ?? 0) > MOST_VALUES) argument.values = undefined
}

function take(argument: Argument, value: Json): void {
  argument.calls++
  if (typeof value === 'string' || typeof value === 'boolean') return note(argument, String(value))
  if (Array.isArray(value)) {
    for (const one of value) if (typeof one === 'string') note(argument, one)
    return
  }
  if (!isNumber(value)) return
  const exact = argument.kind === 'long' ? toLong(value)?.toString() : toDecimal(value)
  // What Cedar cannot say exactly has no bound that could be written down.
  if (exact === undefined) return note(argument, numberText(value).padStart(MOST_CHARACTERS + 1))
  if (argument.least === undefined || lower(exact, argument.least)) argument.least = exact
  if (argument.greatest === undefined || lower(argument.greatest, exact)) argument.greatest = exact
}

/** Pointers of what was sent and no policy sees: names that the type does not have. */
function unseenOf(type: RecordType, input: JsonObject, path = ''): string[] {
  return Object.entries(input).flatMap(([name, value]) => {
    const inner = type.attributes.get(name)?.type
    if (inner === undefined) return [pointer(path, name)]
    return inner.kind === 'record' && isObject(value)
      ? unseenOf(inner, value, pointer(path, name))
      : []
  })
}

/** What one agent used. */
export class Usage {
  readonly #schema: PolicySchema
  readonly #actions = new Map<string, Action>()
  /** Policies that determined something of it. */
  readonly policies = new Set<string>()
  calls = 0
  denied = 0

  constructor(schema: PolicySchema) {
    this.#schema = schema
  }

  /** Counts a call. Those that were denied, and did not go on all the same, are no use. */
  take({ request, answer, by, observed }: TrafficEntry): void {
    for (const id of by) this.policies.add(id)
    const id = `${request.system}/${request.action}`
    const typed = this.#schema.actions.get(id)
    if ((answer === 'deny' && observed !== true) || typed === undefined) {
      this.denied++
      return
    }
    this.calls++
    const action = this.#actions.get(id) ?? newAction(typed, request.now)
    this.#actions.set(id, action)
    action.calls++
    action.last = Math.max(action.last, request.now)
    for (const party of absentOf(request)) action.without.add(party)
    action.crosses ||= crossing(request.environments)
    for (const argument of action.arguments) {
      const value = at(request.input, argument.path)
      if (value !== undefined) take(argument, value)
    }
    for (const path of unseenOf(typed.input, request.input)) action.unseen?.add(path)
    if ((action.unseen?.size ?? 0) > MOST_UNSEEN) action.unseen = undefined
  }

  /** What was used, by action. */
  actions(): UsedAction[] {
    return [...this.#actions.values()].map((action): UsedAction => {
      const { system, definition } = action.typed
      return {
        system,
        action: definition.name,
        calls: action.calls,
        first_at: rfc3339(action.first),
        last_at: rfc3339(action.last),
        without: [...action.without].sort().reverse(),
        crosses: action.crosses,
        arguments: action.arguments.map(shown),
        unseen: action.unseen === undefined ? null : [...action.unseen].sort(),
        recipients: (definition.measures?.recipients ?? []).map(stepsOf),
      }
    })
  }
}

function newAction(typed: TypedAction, now: number): Action {
  return {
    typed,
    calls: 0,
    first: now,
    last: now,
    without: new Set(),
    crosses: false,
    arguments: argumentsOf(typed.input).slice(0, MOST_ARGUMENTS),
    unseen: new Set(),
  }
}

function shown({ path, kind, required, calls, values, least, greatest }: Argument): UsedArgument {
  const seen = values && [...values].map(([value, count]) => ({ value, calls: count }))
  return {
    path: [...path],
    kind,
    required,
    calls,
    values: seen?.sort((a, b) => (a.value < b.value ? -1 : 1)) ?? null,
    least: least ?? null,
    greatest: greatest ?? null,
  }
}

/** The names of a JSON pointer (RFC 6901). */
function stepsOf(text: string): string[] {
  return text
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}
