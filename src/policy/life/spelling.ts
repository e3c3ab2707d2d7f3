// Holds the spelling that was probably meant: what the library's messages leave unsaid, found in the schema.

import { EFFECTS } from '../../wire/effect.ts'
import { effectGroup, systemGroup } from '../entity.ts'
import { nearest, type Problem } from '../problem.ts'
import type { PolicySchema } from '../schema.ts'
import type { CedarType, RecordType } from '../type.ts'

const ATTRIBUTE = /attribute `([^`]{1,300})` in context for Action::"([^"]{1,300})" not found/
const FOR_ACTION = / in context for Action::"[^"]*"/
const ACTION = /^unrecognized action `Action::"([^"]{1,300})"`$/
const METHOD = /^`([A-Za-z_]{1,64})` is not a valid method$/
const FUNCTION = /^`([A-Za-z_]{1,64})` is not a valid function$/
const TYPE = /^unrecognized entity type `([^`]{1,100})`$/

/** Methods of Cedar 4.x, operators and extensions. */
const METHODS = [
  'contains',
  'containsAll',
  'containsAny',
  'isEmpty',
  'hasTag',
  'getTag',
  'lessThan',
  'lessThanOrEqual',
  'greaterThan',
  'greaterThanOrEqual',
  'isIpv4',
  'isIpv6',
  'isLoopback',
  'isMulticast',
  'isInRange',
  'offset',
  'durationSince',
  'toDate',
  'toTime',
  'toMilliseconds',
  'toSeconds',
  'toMinutes',
  'toHours',
  'toDays',
]

const FUNCTIONS = ['decimal', 'ip', 'datetime', 'duration']

const TYPES = ['Role', 'Agent', 'Instance', 'Person', 'System', 'Task', 'Action']

/** Words of the grammar, by the message that finds another in their place. */
const WORDS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^invalid policy effect: (\w{1,64})$/, ['permit', 'forbid']],
  [/^invalid policy condition: (\w{1,64})$/, ['when', 'unless']],
  [
    /^found an invalid variable in the policy scope: (\w{1,64})$/,
    ['principal', 'action', 'resource'],
  ],
  [/^invalid member access `(\w{1,64})\./, ['principal', 'action', 'resource', 'context']],
  [
    /^unexpected token `(\w{1,64})`$/,
    ['has', 'like', 'in', 'is', 'if', 'then', 'else', 'when', 'unless'],
  ],
  [METHOD, METHODS],
  [FUNCTION, FUNCTIONS],
  [TYPE, TYPES],
]

/** How Cedar says what other languages have a method for. */
const INSTEAD: Readonly<Record<string, string>> = {
  startsWith: 'write `… like "beginning*"`',
  endsWith: 'write `… like "*end"`',
  includes: 'write `.contains(…)` of a set, or `… like "*part*"` of a text',
  matches: 'there are no regular expressions: write `… like "*"` with stars',
  match: 'there are no regular expressions: write `… like "*"` with stars',
  test: 'there are no regular expressions: write `… like "*"` with stars',
  equals: 'write `==`',
  size: 'sets and texts have no length here: `.isEmpty()`, or a bound in the schema of the tool',
  length: 'sets and texts have no length here: `.isEmpty()`, or a bound in the schema of the tool',
  toLowerCase:
    'texts are compared letter by letter: name each spelling, or let the schema of the tool have one',
  toUpperCase:
    'texts are compared letter by letter: name each spelling, or let the schema of the tool have one',
}

/** Actions that are listed where none is near. */
const MOST_LISTED = 12

/** The attributes of a record inside `context.input`; those of everything around it the library knows to suggest. */
function inputNames(schema: PolicySchema, action: string, path: readonly string[]): string[] {
  let type: RecordType | undefined = schema.actions.get(action)?.input
  for (const step of path) {
    const inner: CedarType | undefined = type?.attributes.get(step)?.type
    type = inner?.kind === 'record' ? inner : undefined
  }
  return type === undefined ? [] : [...type.attributes.keys()]
}

function meantArgument([, text = '', action = '']: RegExpExecArray, schema: PolicySchema) {
  const [root, ...rest] = text.split('.')
  const last = rest.pop()
  if (root !== 'input' || last === undefined) return undefined
  const names = inputNames(schema, action, rest)
  const near = nearest(last, names)
  if (near !== undefined) return `did you mean \`${near}\`?`
  const some = names.slice(0, MOST_LISTED).join(', ')
  return names.length === 0 ? 'policies see no argument there' : `arguments there are: ${some}`
}

/** The action or group that was meant; where none is near, what there is. */
function meantAction(id: string, schema: PolicySchema): string {
  const systems = [...new Set([...schema.actions.values()].map(({ system }) => system))]
  const groups = [
    ...systems.map((name) => systemGroup(name).id),
    ...EFFECTS.map((e) => effectGroup(e).id),
  ]
  const near = nearest(id, [...schema.actions.keys(), ...groups])
  if (near !== undefined) return `did you mean \`Action::"${near}"\`?`
  const slash = id.indexOf('/')
  const group = /^(system|effect):(.*)$/s.exec(id)
  if (group?.[1] === 'effect') return `effects are: ${EFFECTS.join(', ')}`
  const system = group === null ? (slash < 0 ? undefined : id.slice(0, slash)) : group[2]!
  if (system === undefined)
    return 'actions are `system/action`, groups `system:NAME` and `effect:NAME`'
  if (!systems.includes(system)) {
    const named = nearest(system, systems)
    return named === undefined
      ? `no system \`${system.slice(0, 64)}\` is pinned: bailiwick system ls`
      : `no system \`${system.slice(0, 64)}\` is pinned; did you mean \`${named}\`?`
  }
  const own = [...schema.actions.values()].flatMap(({ system: of, definition }) =>
    of === system ? [definition.name] : [],
  )
  const like = nearest(id.slice(slash + 1), own)
  if (like !== undefined) return `did you mean \`Action::"${system}/${like}"\`?`
  const more = own.length > MOST_LISTED ? `, and ${own.length - MOST_LISTED} more` : ''
  return `actions of \`${system}\` are: ${own.slice(0, MOST_LISTED).join(', ')}${more}`
}

function meant(message: string, schema: PolicySchema): string | undefined {
  const attribute = ATTRIBUTE.exec(message)
  if (attribute !== null) return meantArgument(attribute, schema)
  for (const [pattern, names] of WORDS) {
    const name = pattern.exec(message)?.[1]
    if (name === undefined) continue
    const near = nearest(name, names)
    if (near !== undefined) return `did you mean \`${near}\`?`
    if (pattern === METHOD && Object.hasOwn(INSTEAD, name)) return INSTEAD[name]
  }
  return undefined
}

/** Two pieces of help in one line. */
function joined(first: string, second: string): string {
  return first.endsWith('?') ? `${first} ${second}` : `${first}; ${second}`
}

/** The problem with the spelling that was probably meant, where it does not say so already. */
export function spelled(problem: Problem, schema: PolicySchema): Problem {
  // The library names the action that is nearest, however far that is.
  const action = ACTION.exec(problem.message)?.[1]
  if (action !== undefined) {
    const odd = /it is written with [U+0-9A-F ]+$/.exec(problem.help ?? '')?.[0]
    const help = meantAction(action, schema)
    return { ...problem, help: odd === undefined ? help : joined(help, odd) }
  }
  if (problem.help?.startsWith('did you mean') === true) return problem
  const near = meant(problem.message, schema)
  if (near === undefined) return problem
  const { help } = problem
  return { ...problem, help: help === undefined ? near : joined(near, help) }
}

/** What is wrong at one place for many actions is told once, with how many there are. */
export function gathered(problems: readonly Problem[]): Problem[] {
  const out = new Map<string, { problem: Problem; count: number }>()
  for (const problem of problems) {
    const { file, line, column, code, message } = problem
    const key = JSON.stringify([file, line, column, code, message.replace(FOR_ACTION, '')])
    const known = out.get(key)
    if (known === undefined) out.set(key, { problem, count: 1 })
    else known.count++
  }
  return [...out.values()].map(({ problem, count }) =>
    count === 1
      ? problem
      : { ...problem, message: `${problem.message} (nor for ${count - 1} more)` },
  )
}
