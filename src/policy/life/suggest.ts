// Holds the least policy that covers what was used: one permit for each action, with bounds on its arguments.

import type { UsageAnswer, UsedAction, UsedArgument } from '../../wire/api/policy-usage.ts'

/** Somewhere that calls went to. Nothing of it is permitted before a person said so. */
export interface Destination {
  readonly action: string
  /** Dotted path of the argument. */
  readonly argument: string
  readonly kind: 'host' | 'recipient' | 'folder'
  /** `https://api.example.com`, `ada@example.com`, `/srv/docs`. */
  readonly value: string
}

/** Texts of which so few are seen that they are named one by one. */
const FEW = 8

/** A Cedar string literal. Everything but plain ASCII is escaped, so that a screen shows what it is. */
function literal(text: string): string {
  const inside = Array.from(text)
    .map((c) => {
      if (c === '"' || c === '\\') return `\\${c}`
      return /^[\u0020-\u007e]$/.test(c) ? c : `\\u{${c.codePointAt(0)!.toString(16)}}`
    })
    .join('')
  return `"${inside}"`
}

/** The same inside a pattern of `like`, where a star means itself only when it is escaped. */
function pattern(text: string, rest: string): string {
  return `${literal(text).slice(0, -1).replaceAll('*', '\\*')}${rest}"`
}

/** `context.input.a.b`, with names that are no identifiers in brackets. */
function reference(path: readonly string[]): string {
  return path.reduce(
    (whole, name) =>
      /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !RESERVED.has(name)
        ? `${whole}.${name}`
        : `${whole}[${literal(name)}]`,
    'context.input',
  )
}

const RESERVED = new Set(['true', 'false', 'if', 'then', 'else', 'in', 'is', 'like', 'has'])

/** `context.input has a && context.input.a has b`: that every record on the way is there. */
function presence(path: readonly string[]): string {
  return path
    .map((name, at) => {
      const key =
        /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !RESERVED.has(name) ? name : literal(name)
      return `${reference(path.slice(0, at))} has ${key}`
    })
    .join(' && ')
}

function hostOf(text: string): string | undefined {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return undefined
  const { origin, username, password } = new URL(text)
  // Only what begins with the origin as it is written can be held to it.
  return username + password === '' && (text === origin || text.startsWith(`${origin}/`))
    ? origin
    : undefined
}

/** Two folders deep at most: what lies below is of one purpose more often than not, and every file by itself is none. */
function folderOf(text: string): string | undefined {
  if (!text.startsWith('/') || text.includes('..')) return undefined
  const steps = text.split('/').slice(1, -1).slice(0, 3)
  return steps.length === 0 ? undefined : `/${steps.join('/')}`
}

function placeOf(
  text: string,
  recipient: boolean,
): Omit<Destination, 'action' | 'argument'> | undefined {
  if (recipient || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text))
    return { kind: 'recipient', value: text }
  const host = hostOf(text)
  if (host !== undefined) return { kind: 'host', value: host }
  const folder = folderOf(text)
  return folder === undefined ? undefined : { kind: 'folder', value: folder }
}

/** Where the values of an argument lead, if all of them lead somewhere. */
function destinationsOf(used: UsedAction, argument: UsedArgument): Destination[] {
  const { kind, values, path } = argument
  if ((kind !== 'string' && kind !== 'set') || values === null || values.length === 0) return []
  const recipient = used.recipients.some(
    (steps) => JSON.stringify(steps.filter((step) => step !== '*')) === JSON.stringify(path),
  )
  const places = values.map(({ value }) => placeOf(value, recipient))
  if (places.some((place) => place === undefined)) return []
  const action = `${used.system}/${used.action}`
  const all = places.map((place) => ({ action, argument: path.join('.'), ...place! }))
  return [...new Map(all.map((one) => [`${one.kind} ${one.value}`, one])).values()]
}

/** Every destination that was seen, each of them once. */
export function destinations({ actions }: UsageAnswer): Destination[] {
  return actions.flatMap((used) =>
    used.arguments.flatMap((argument) => destinationsOf(used, argument)),
  )
}

function reaches(
  name: string,
  kind: UsedArgument['kind'],
  { kind: what, value }: Destination,
): string {
  if (what === 'recipient') return kind === 'set' ? '' : `${name} == ${literal(value)}`
  const below = `${name} like ${pattern(`${value}/`, '*')}`
  return what === 'host' ? `(${name} == ${literal(value)} || ${below})` : below
}

type Accepts = (destination: Destination) => boolean

/** The bound of one argument; undefined: none. Null says that no destination of it was accepted. */
function bound(
  used: UsedAction,
  argument: UsedArgument,
  accepts: Accepts,
): string | null | undefined {
  const { kind, values, least, greatest, path } = argument
  const name = reference(path)
  const places = destinationsOf(used, argument)
  if (places.length > 0) {
    const open = places.filter(accepts)
    if (open.length === 0) return null
    if (kind === 'set') {
      return open.every((place) => place.kind === 'recipient')
        ? `[${open.map(({ value }) => literal(value)).join(', ')}].containsAll(${name})`
        : null
    }
    const one = open.map((place) => reaches(name, kind, place)).join(' || ')
    const folders = open.some((place) => place.kind === 'folder')
    return folders ? `(${one}) && !(${name} like "*..*")` : `(${one})`
  }
  if (kind === 'long' && least !== null && values !== null) {
    return `${name} >= ${least} && ${name} <= ${greatest!}`
  }
  if (kind === 'decimal' && least !== null && values !== null) {
    const [low, high] = [least, greatest!].map((text) => `decimal("${text}")`)
    return `${name}.greaterThanOrEqual(${low!}) && ${name}.lessThanOrEqual(${high!})`
  }
  if (values === null || values.length > FEW) return undefined
  const texts = values.map(({ value }) => value)
  if (kind === 'bool') return texts.length === 1 ? `${name} == ${texts[0]!}` : undefined
  const list = `[${texts.map(literal).join(', ')}]`
  if (kind === 'set')
    return texts.length === 0 ? `${name}.isEmpty()` : `${list}.containsAll(${name})`
  // One value in every call of many is a choice; a value in each call is what the call is about.
  return kind === 'string' && used.calls >= 2 * texts.length
    ? `${list}.contains(${name})`
    : undefined
}

function conditionsOf(used: UsedAction, accepts: Accepts): { all: string[]; closed: boolean } {
  let closed = false
  const all = used.arguments.flatMap((argument): string[] => {
    const here = presence(argument.path)
    if (argument.calls === 0) return argument.required ? [] : [`!(${here})`]
    const limit = bound(used, argument, accepts)
    if (limit === null) closed = true
    if (limit === undefined || limit === null) return []
    return [argument.required ? limit : `(if ${here} then ${limit} else true)`]
  })
  const { unseen } = used
  if (unseen?.length === 0) all.push('context.unseen.isEmpty()')
  else if (unseen !== null && unseen !== undefined) {
    all.push(`[${unseen.map(literal).join(', ')}].containsAll(context.unseen)`)
  }
  return { all, closed }
}

/** One permit. Where nowhere that it leads was accepted, it stands there as a comment. */
function permit(agent: string, used: UsedAction, accepts: Accepts): string {
  const id = `${agent}-${used.system}-${used.action}`
    .replaceAll(/[^A-Za-z0-9._/-]/g, '-')
    .slice(0, 120)
  const { all, closed } = conditionsOf(used, accepts)
  const lines = [`@id(${literal(id)})`]
  if (used.without.length > 0) lines.push(`@without("${used.without.join(', ')}")`)
  if (used.crosses) lines.push('@crosses("environment")')
  lines.push(
    `permit (principal in Agent::${literal(agent)}, action == Action::${literal(`${used.system}/${used.action}`)}, resource)`,
  )
  if (all.length > 0) lines.push(`when {\n  ${all.join(' &&\n  ')}\n};`)
  else lines[lines.length - 1] += ';'
  const text = lines.join('\n')
  return closed
    ? text
        .split('\n')
        .map((line) => `// ${line}`)
        .join('\n')
    : text
}

/** The policies, ready for `policy check` and `policy apply`. Destinations that were not accepted are named in comments. */
export function suggestion(usage: UsageAnswer, accepts: Accepts): string {
  const { agent, since, calls, actions, unused } = usage
  const head = [
    `// What the agent ${literal(agent)} used since ${since}: ${calls} calls of ${actions.length} actions.`,
    ...destinations(usage)
      .filter((one) => !accepts(one))
      .map(
        ({ action, argument, kind, value }) =>
          `// not accepted: the ${kind} ${literal(value)} (${argument} of ${literal(action)})`,
      ),
    ...unused.map(({ id, since: from }) => `// unused: ${id}, in force since ${from} at least`),
  ]
  const permits = actions.map((used) => permit(agent, used, accepts))
  return `${[head.join('\n'), ...permits].join('\n\n')}\n`
}
