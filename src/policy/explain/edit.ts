// Holds the edits that would change what a clause says of a call: one argument, one role, one count, in words and applied.

import { isObject, JsonNumber, stringifyJson, type Json, type JsonObject } from '../../std/json.ts'
import type { DecisionRequest } from '../../wire/decision.ts'
import type { HistoryFacts, Windows } from '../../wire/history.ts'
import type { Asked } from '../entity.ts'
import { toLong } from '../number.ts'
import { pointer } from '../type.ts'
import type { Check, Constant, Path, Relation } from './check.ts'

/** One thing that would have to be otherwise. */
export interface Edit {
  readonly kind: 'argument' | 'role' | 'history' | 'context'
  readonly words: string
  /** What it is about, so that two edits of one place are not made together. */
  readonly place: string
  /** True for a bound on a number: it says nothing of what is in a list. */
  readonly bound: boolean
  /** The request with it; absent where there is nothing concrete to put there. */
  readonly apply?: (request: DecisionRequest) => DecisionRequest
}

const WORDS: Readonly<Record<Relation, string>> = {
  '<': 'below',
  '<=': 'at most',
  '>': 'above',
  '>=': 'at least',
}
const NEGATED: Readonly<Record<Relation, Relation>> = {
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
}

/** A constant as JSON, and so as an argument. */
function asJson(constant: Constant): Json {
  if (constant.kind === 'long') return number(constant.value.toString())
  return constant.kind === 'decimal' ? number(constant.text) : constant.value
}

/** A number by its text, as the strict reader would hold it. */
function number(text: string): Json {
  const value = Number(text)
  return String(value) === text ? value : new JsonNumber(text)
}

function shown(value: Json): string {
  return stringifyJson(value).slice(0, 200)
}

/** The nearest number that a relation allows; undefined for what has none. */
function nearest(relation: Relation, than: Constant): Json | undefined {
  if (relation === '<=' || relation === '>=') return asJson(than)
  const step = relation === '<' ? -1n : 1n
  if (than.kind === 'long') return number((than.value + step).toString())
  if (than.kind !== 'decimal') return undefined
  const match = /^(-?)([0-9]+)\.([0-9]{1,4})$/.exec(than.text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = ''] = match
  const units = BigInt(`${sign}${whole}${fraction.padEnd(4, '0')}`) + step
  const digits = (units < 0n ? -units : units).toString().padStart(5, '0')
  return number(`${units < 0n ? '-' : ''}${digits.slice(0, -4)}.${digits.slice(-4)}`)
}

/** The same object with a value at a path; undefined where something that is no object stands in the way. */
function withValue(object: JsonObject, path: Path, value: Json): JsonObject | undefined {
  const [name, ...rest] = path
  if (name === undefined) return undefined
  const out = Object.assign(Object.create(null) as JsonObject, object)
  if (rest.length === 0) {
    out[name] = value
    return out
  }
  const below = Object.hasOwn(object, name) ? object[name] : undefined
  if (below !== undefined && !isObject(below)) return undefined
  const inner = withValue(below ?? (Object.create(null) as JsonObject), rest, value)
  if (inner === undefined) return undefined
  out[name] = inner
  return out
}

function valueAt(object: JsonObject, path: Path): Json | undefined {
  let value: Json | undefined = object
  for (const name of path) {
    value =
      value !== undefined && isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
  }
  return value
}

function argument(path: Path, words: string, value?: Json, bound = false): Edit {
  const place = path.reduce(pointer, '')
  const apply = (request: DecisionRequest): DecisionRequest => {
    const input = value === undefined ? undefined : withValue(request.input, path, value)
    return input === undefined ? request : { ...request, input }
  }
  return {
    kind: 'argument',
    words: `\`${path.join('.')}\` ${words}`,
    place: `input${place}`,
    bound,
    ...(value !== undefined && { apply }),
  }
}

/** The same request with another count of the history. */
function counted(request: DecisionRequest, [name = '', window = '']: Path, count: Json) {
  const { history } = request
  const value = typeof count === 'number' || count instanceof JsonNumber ? toLong(count) : undefined
  if (history === undefined || value === undefined || value < 0n) return request
  const windows = Object.hasOwn(history, name) ? history[name as keyof HistoryFacts] : undefined
  if (windows === undefined || Array.isArray(windows)) return request
  const changed = { ...(windows as Windows), [window]: Number(value) }
  return { ...request, history: { ...history, [name]: changed } }
}

function bounded(path: Path, relation: Relation, than: Constant): Edit | undefined {
  const value = nearest(relation, than)
  const [root, ...rest] = path
  if (value === undefined) return undefined
  const words = `${WORDS[relation]} ${shown(asJson(than))}`
  if (root === 'input') return argument(rest, words, value, true)
  if (root !== 'history') return undefined
  return {
    kind: 'history',
    words: `\`${path.join('.')}\` ${words}: wait until it is`,
    place: path.join('.'),
    bound: true,
    apply: (request) => counted(request, rest, value),
  }
}

/** The request with a role more for a party. */
function withRole(request: DecisionRequest, asked: Asked, role: string): DecisionRequest {
  const more = (roles: readonly string[]) => [...roles, role]
  if (asked === 'person') {
    const { person } = request
    return person === undefined
      ? request
      : { ...request, person: { ...person, roles: more(person.roles) } }
  }
  if (asked === 'task') return request
  if (asked === 'agent') {
    return { ...request, agent: { ...request.agent, roles: more(request.agent.roles) } }
  }
  const delegators = (request.delegators ?? []).map((one) =>
    one === asked ? { ...one, roles: more(one.roles) } : one,
  )
  return { ...request, delegators }
}

/** A role more, for whoever is asked. */
export function roleEdit(asked: Asked, role: string): Edit | undefined {
  if (asked === 'task') return undefined
  const who = typeof asked === 'string' ? `the ${asked}` : `the agent \`${asked.name}\``
  return {
    kind: 'role',
    words: `${who} has the role \`${role}\``,
    place: `role ${role}`,
    bound: false,
    apply: (request) => withRole(request, asked, role),
  }
}

/** A text that a pattern matches: its own, with nothing where anything may stand. Undefined for patterns with other escapes. */
function matching(pattern: string): string | undefined {
  const text = pattern.replaceAll(/\\\*|\*/g, (star) => (star === '*' ? '' : '*'))
  return text.includes('\\') ? undefined : text
}

function other(path: Path, words: string): Edit {
  return {
    kind: 'context',
    words: `\`context.${path.join('.')}\` ${words}`,
    place: path.join('.'),
    bound: false,
  }
}

/** The one edit of an argument that a check asks for, or asks not to be. */
function argumentEdit(
  check: Check,
  path: Path,
  want: boolean,
  request: DecisionRequest,
): Edit | undefined {
  switch (check.kind) {
    case 'equals': {
      const value = asJson(check.to)
      const same = check.not !== want
      if (same) return argument(path, `is ${shown(value)}`, value)
      const away = typeof value === 'boolean' ? !value : undefined
      return argument(path, `is not ${shown(value)}`, away)
    }
    case 'like': {
      const pattern = `"${check.pattern}"`
      return want
        ? argument(path, `matches ${pattern}`, matching(check.pattern))
        : argument(path, `does not match ${pattern}`)
    }
    case 'has':
      return argument(path, want ? 'is sent' : 'is not sent')
    case 'among': {
      const all = check.of.map((one) => shown(asJson(one))).join(', ')
      const [first] = check.of
      return want
        ? argument(path, `is one of ${all}`, first && asJson(first))
        : argument(path, `is none of ${all}`)
    }
    case 'contains': {
      const now = valueAt(request.input, path)
      const one = asJson(check.one)
      const list = Array.isArray(now) ? now : []
      return want
        ? argument(path, `contains ${shown(one)}`, [...list, one])
        : argument(
            path,
            `does not contain ${shown(one)}`,
            list.filter((entry) => stringifyJson(entry) !== stringifyJson(one)),
          )
    }
    case 'true': {
      const value = check.not !== want
      return argument(path, `is ${value}`, value)
    }
    default:
      return undefined
  }
}

/** What would have to be otherwise for a check to come out as wanted; undefined where that cannot be said. */
export function editFor(
  check: Check,
  want: boolean,
  asked: Asked,
  request: DecisionRequest,
): Edit | undefined {
  if (check.kind === 'role') {
    if (!want) return undefined
    return roleEdit(check.who === 'user' ? 'person' : asked, check.role)
  }
  const [root = '', ...rest] = check.path
  if (check.kind === 'bound') {
    const relation = want ? check.relation : NEGATED[check.relation]
    return bounded(check.path, relation, check.than) ?? other(check.path, 'is otherwise')
  }
  if (root === 'input' && rest.length > 0) return argumentEdit(check, rest, want, request)
  if (check.kind === 'has') return other(check.path, want ? 'is there' : 'is not there')
  return other(check.path, 'is otherwise')
}
