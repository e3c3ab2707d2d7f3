// Holds the boundary calls of policies: requests made of the constants that the policies compare with, just on either side of each.

import type { Json, JsonObject } from '../../std/json.ts'
import type { DecisionRequest } from '../../wire/decision.ts'
import type { Policy } from '../policy.ts'
import type { PolicySchema, TypedAction } from '../schema.ts'
import type { CedarType, RecordType } from '../type.ts'

/** Requests of one comparison, values of one argument, roles that are tried. */
const MOST_REQUESTS = 20_000
const MOST_VALUES = 12
const MOST_ROLES = 12

type Expr = Readonly<Record<string, unknown>>

/** Values that policies compare an argument with, by its dotted path. */
type Constants = Map<string, Set<string | number | boolean>>

function isExpr(value: unknown): value is Expr {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `a.b` of `context.input.a.b`. */
function pathOf(expr: unknown): string[] | undefined {
  if (!isExpr(expr)) return undefined
  const dot = expr['.']
  if (!isExpr(dot) || typeof dot['attr'] !== 'string') return undefined
  const { left, attr } = dot
  if (isExpr(left) && left['Var'] === 'context') return attr === 'input' ? [] : undefined
  const before = pathOf(left)
  return before === undefined ? undefined : [...before, attr]
}

function valuesOf(expr: unknown): (string | number | boolean)[] {
  if (!isExpr(expr)) return []
  const { Value: value, Set: set } = expr
  if (typeof value === 'string' || typeof value === 'boolean') return [value]
  if (typeof value === 'number' || typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? [number - 1, number, number + 1] : []
  }
  return Array.isArray(set) ? set.flatMap(valuesOf) : []
}

/** A text that a pattern of `like` matches. */
function matching(pattern: unknown): string[] {
  if (!Array.isArray(pattern)) return []
  const text = pattern.map((part: unknown) =>
    isExpr(part) && typeof part['Literal'] === 'string' ? part['Literal'] : 'x',
  )
  return [text.join('')]
}

function collect(expr: unknown, out: Constants): void {
  if (Array.isArray(expr)) {
    for (const one of expr) collect(one, out)
    return
  }
  if (!isExpr(expr)) return
  for (const [op, inner] of Object.entries(expr)) {
    if (isExpr(inner)) {
      const { left, right, pattern } = inner
      for (const [side, other] of [
        [left, right],
        [right, left],
      ]) {
        const path = pathOf(side)?.join('\u0000')
        if (path === undefined) continue
        const values = op === 'like' ? matching(pattern) : valuesOf(other)
        const known = out.get(path) ?? new Set()
        for (const value of values) if (known.size < MOST_VALUES) known.add(value)
        out.set(path, known)
      }
    }
    collect(inner, out)
  }
}

/** A plain value of a type; what is not needed is left out. */
function plain(type: CedarType): Json {
  switch (type.kind) {
    case 'string':
      return 'other'
    case 'long':
    case 'decimal':
      return 0
    case 'bool':
      return false
    case 'set':
      return []
    case 'record':
      return record(type)
  }
}

function record({ attributes }: RecordType): JsonObject {
  const needed = [...attributes].filter(([, { required }]) => required)
  return Object.fromEntries(needed.map(([name, { type }]) => [name, plain(type)]))
}

/** The input with a value at a path; undefined where the type has no such place, or not for such a value. */
function withValue(
  type: RecordType,
  input: JsonObject,
  [name, ...rest]: readonly string[],
  value: string | number | boolean,
): JsonObject | undefined {
  const inner = name === undefined ? undefined : type.attributes.get(name)?.type
  if (name === undefined || inner === undefined) return undefined
  if (rest.length > 0) {
    if (inner.kind !== 'record') return undefined
    const before = (input[name] as JsonObject | undefined) ?? record(inner)
    const below = withValue(inner, before, rest, value)
    return below && { ...input, [name]: below }
  }
  const kinds = { string: 'string', number: 'long', boolean: 'bool' } as const
  const wanted = kinds[typeof value as keyof typeof kinds]
  if (inner.kind === wanted) return { ...input, [name]: value }
  if (inner.kind === 'set' && inner.element.kind === wanted) return { ...input, [name]: [value] }
  return undefined
}

/** Every input of an action that lies at a boundary, and a plain one. */
function inputsOf({ input: type }: TypedAction, constants: Constants): JsonObject[] {
  const base = record(type)
  let full = base
  for (const [path, [first]] of constants) {
    if (first !== undefined) full = withValue(type, full, path.split('\u0000'), first) ?? full
  }
  const out = new Map<string, JsonObject>()
  const add = (input: JsonObject | undefined): void => {
    if (input !== undefined) out.set(JSON.stringify(input), input)
  }
  add(base)
  add(full)
  for (const [path, values] of constants) {
    for (const value of values) {
      add(withValue(type, base, path.split('\u0000'), value))
      add(withValue(type, full, path.split('\u0000'), value))
    }
  }
  return [...out.values()]
}

const ROLE = /\bRole\s*::\s*"([^"\\]*)"/g
const AGENT = /\bAgent\s*::\s*"([^"\\]*)"/g

function named(policies: readonly Policy[], pattern: RegExp): string[] {
  const ids = policies.flatMap(({ text }) => [...text.matchAll(pattern)].map((match) => match[1]!))
  return [...new Set(ids)].sort().slice(0, MOST_ROLES)
}

/** Requests about some actions, made of the constants of these policies. Deterministic, and never more than 20,000. */
export function* boundaryRequests(
  policies: readonly Policy[],
  schema: PolicySchema,
  actions: ReadonlySet<string>,
): Generator<DecisionRequest> {
  const constants: Constants = new Map()
  for (const { json } of policies) for (const { body } of json.conditions) collect(body, constants)
  const roles = [[], ...named(policies, ROLE).map((role) => [role])]
  const agents = ['some-agent', ...named(policies, AGENT)]
  let count = 0
  for (const id of actions) {
    const typed = schema.actions.get(id)
    if (typed === undefined) continue
    for (const input of inputsOf(typed, constants)) {
      for (const name of agents) {
        for (const held of roles) {
          for (const of of roles) {
            if (++count > MOST_REQUESTS) return
            yield requestOf(typed, input, { name, roles: held }, of)
          }
        }
      }
    }
  }
}

function requestOf(
  { system, definition }: TypedAction,
  input: JsonObject,
  agent: { readonly name: string; readonly roles: readonly string[] },
  roles: readonly string[],
): DecisionRequest {
  const now = 1_767_225_600_000
  return {
    agent: { instance: 'some-instance', ...agent },
    person: { id: 'per_some', roles },
    task: {
      id: '019aaaaa-0000-7000-8000-000000000001',
      intent: 'is compared',
      person: 'per_some',
      scope: [{ action: '*' }],
      budget: {},
      endsAt: now + 3_600_000,
      scopeDigest: 'sha256:compared',
    },
    history: {
      calls: ZERO,
      writes: ZERO,
      same: ZERO,
      denials: ZERO,
      errors: ZERO,
      money: ZERO,
      bytes: ZERO,
      recipients: ZERO,
      actions: [],
      labels: [],
    },
    system,
    action: definition.name,
    input,
    effects: definition.effects,
    now,
    setAside: new Set(),
  }
}

const ZERO = { minute: 0, hour: 0, day: 0 }
