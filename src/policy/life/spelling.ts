// Holds the spelling that was probably meant: what the library's messages leave unsaid, found in the schema.

import { nearest, type Problem } from '../problem.ts'
import type { PolicySchema } from '../schema.ts'
import type { CedarType, RecordType } from '../type.ts'

const ATTRIBUTE = /attribute `([^`]{1,300})` in context for Action::"([^"]{1,300})" not found/
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

/** The attributes of a record inside `context.input`; those of everything around it the library knows to suggest. */
function inputNames(schema: PolicySchema, action: string, path: readonly string[]): string[] {
  let type: RecordType | undefined = schema.actions.get(action)?.input
  for (const step of path) {
    const inner: CedarType | undefined = type?.attributes.get(step)?.type
    type = inner?.kind === 'record' ? inner : undefined
  }
  return type === undefined ? [] : [...type.attributes.keys()]
}

function meant(message: string, schema: PolicySchema): string | undefined {
  const attribute = ATTRIBUTE.exec(message)
  if (attribute !== null) {
    const steps = attribute[1]!.split('.')
    const [root, ...rest] = steps
    const last = rest.pop()
    if (root !== 'input' || last === undefined) return undefined
    const names = inputNames(schema, attribute[2]!, rest)
    const near = nearest(last, names)
    if (near !== undefined) return `did you mean \`${near}\`?`
    const some = names.slice(0, 12).join(', ')
    return names.length === 0 ? 'policies see no argument there' : `arguments there are: ${some}`
  }
  for (const [pattern, names] of [
    [METHOD, METHODS],
    [FUNCTION, FUNCTIONS],
    [TYPE, TYPES],
  ] as const) {
    const match = pattern.exec(message)
    const near = match === null ? undefined : nearest(match[1]!, names)
    if (near !== undefined) return `did you mean \`${near}\`?`
  }
  return undefined
}

/** The problem with the spelling that was probably meant, where it does not say so already. */
export function spelled(problem: Problem, schema: PolicySchema): Problem {
  if (problem.help?.startsWith('did you mean') === true) return problem
  const near = meant(problem.message, schema)
  if (near === undefined) return problem
  return { ...problem, help: problem.help === undefined ? near : `${near}; ${problem.help}` }
}

const FOR_ACTION = / in context for Action::"[^"]*"/

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
