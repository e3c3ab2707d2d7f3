// Holds the scope of a task compiled: each of its lines one Cedar permit, parsed, held against what was meant, and validated.

import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { TaskPermit } from '../wire/task.ts'
import { MAX_DEPTH } from './depth.ts'
import { compiledEngine, type Engine } from './engine.ts'
import { systemGroup } from './entity.ts'
import { withCedar } from './library.ts'
import type { Policy } from './policy.ts'
import { libraryProblem, type Problem, type Span } from './problem.ts'
import { SYSTEM_NAME, type PolicySchema } from './schema.ts'
import { pieces } from './source.ts'
import { schemaFor, unknownPattern } from './task-schema.ts'

/** Lines that a scope may have. */
const MAX_SCOPE_LINES = 64

/** Characters of one condition. */
const MAX_CONDITION = 2_000

/** One printable line, as it is shown to whoever signs it: nothing that reorders or hides text on a screen. */
const CONDITION = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]*$/u

/** A scope that decides. */
export interface TaskScope {
  readonly policies: readonly Policy[]
  /** Decides by these permits alone; forbids are the set's. */
  readonly engine: Engine
}

/** A compiled scope, or why it is none. */
export type CompiledScope =
  | { readonly ok: true; readonly scope: TaskScope }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** The action constraint of a pattern: as Cedar text, and as the parser has to have read it. */
function constraint(pattern: string): [text: string, json: PolicyJson['action']] | undefined {
  if (pattern === '*') return ['action', { op: 'All' }]
  const at = pattern.indexOf('/')
  const system = pattern.slice(0, at)
  const name = pattern.slice(at + 1)
  // No system is named like a group, and no quote or control character reaches the text.
  if (at < 1 || name === '' || !SYSTEM_NAME.test(system) || !CONDITION.test(name)) return undefined
  const group = name === '*'
  const id = group ? systemGroup(system).id : pattern
  const op = group ? 'in' : '=='
  return [
    `action ${op} Action::${JSON.stringify(id)}`,
    { op, entity: { type: 'Action', id } } as PolicyJson['action'],
  ]
}

/** Where in a line's condition something is wrong, told as a place of that line alone. */
function inLine(line: number, prefix: number, problem: Problem): Problem {
  const column = problem.line === 1 ? Math.max(1, problem.column - prefix) : 1
  return { ...problem, file: `scope line ${line}`, line: 1, column }
}

/** A line as one policy; the brackets of the text are ours, and that they still are is checked on what was parsed. */
function lineText(line: TaskPermit): { prefix: string; text: string } | undefined {
  const action = constraint(line.action)
  if (action === undefined) return undefined
  const head = `permit (principal is Task, ${action[0]}, resource)`
  if (line.when === undefined) return { prefix: head, text: `${head};` }
  const prefix = `${head} when { `
  // A comment in the condition would swallow what follows it on this line.
  return { prefix, text: `${prefix}${line.when}\n};` }
}

/** Whether what was parsed is the one permit that was meant: its scope, one condition or none, no annotation. */
function asMeant(json: PolicyJson, line: TaskPermit): boolean {
  const meant = {
    effect: 'permit',
    principal: { op: 'is', entity_type: 'Task' },
    action: constraint(line.action)?.[1],
    resource: { op: 'All' },
  }
  const { effect, principal, action, resource, conditions, annotations = {} } = json
  const kinds = conditions.map(({ kind }) => kind).join(' ')
  return (
    JSON.stringify(sorted({ effect, principal, action, resource })) ===
      JSON.stringify(sorted(meant)) &&
    kinds === (line.when === undefined ? '' : 'when') &&
    Object.keys(annotations).length === 0
  )
}

/** The same value with the keys of every object in order. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]))
}

function readLine(line: TaskPermit, number: number): Policy | readonly Problem[] {
  const refuse = (message: string): Problem[] => [
    { file: `scope line ${number}`, line: 1, column: 1, code: 'policy.task_scope', message },
  ]
  const { when = '' } = line
  if (when.length > MAX_CONDITION || !CONDITION.test(when)) {
    return refuse(`a condition is one line of at most ${MAX_CONDITION} printable characters`)
  }
  const written = lineText(line)
  if (written === undefined) {
    return refuse('an action is written `system/action`, `system/*` or `*`')
  }
  const { prefix, text } = written
  const span: Span = { file: '', source: text, text, start: 0 }
  const found = [...pieces(text)]
  const [piece] = found
  if (found.length !== 1 || piece?.text !== text || piece.slot !== undefined) {
    return refuse('a condition is one Cedar expression and nothing besides')
  }
  if (piece.depth > MAX_DEPTH) {
    return refuse(`the condition nests or chains more than ${MAX_DEPTH} expressions`)
  }
  const parsed = withCedar((cedar) => cedar.policyToJson(text))
  if (parsed.type === 'failure') {
    return parsed.errors.map((error) =>
      inLine(number, prefix.length, libraryProblem(span, 'policy.task_scope', error)),
    )
  }
  if (!asMeant(parsed.json, line)) {
    return refuse('a condition is one Cedar expression and nothing besides')
  }
  const file = 'task'
  const id = scopeLineId(number)
  return { id, effect: 'permit', file, line: number, text, json: parsed.json }
}

/** The id under which a line of a scope stands in an answer; no `@id` has a colon. */
function scopeLineId(number: number): string {
  return `scope:${number}`
}

/** Compiles a scope against a schema, strictly; every line has to be right. Throws `policy.engine` if the library fails. */
export function compileScope(
  scope: readonly TaskPermit[],
  schema: PolicySchema,
  engine: (policies: readonly Policy[]) => Engine = compiledEngine,
): CompiledScope {
  if (scope.length > MAX_SCOPE_LINES) {
    const message = `a scope has at most ${MAX_SCOPE_LINES} lines`
    const place = { file: 'scope', line: 1, column: 1 }
    return { ok: false, problems: [{ ...place, code: 'policy.task_scope', message }] }
  }
  const policies: Policy[] = []
  const problems: Problem[] = []
  for (const [at, line] of scope.entries()) {
    const read = readLine(line, at + 1)
    if (!('id' in read)) problems.push(...read)
    else {
      policies.push(read)
      const unknown = unknownPattern(line.action, schema)
      if (unknown !== undefined) {
        const place = { file: `scope line ${at + 1}`, line: 1, column: 1 }
        problems.push({ ...place, code: 'policy.task_scope', ...unknown })
      }
    }
  }
  if (problems.length === 0) problems.push(...invalid(scope, policies, schema))
  if (problems.length > 0) return { ok: false, problems }
  try {
    return { ok: true, scope: { policies, engine: engine(policies) } }
  } catch {
    // The parser takes what is no Cedar: `unknown("x")`, which only means something to the library's own partial evaluator.
    const message = 'a condition holds an expression that is no Cedar'
    const place = { file: 'scope', line: 1, column: 1 }
    return { ok: false, problems: [{ ...place, code: 'policy.task_scope', message }] }
  }
}

/** What is wrong with the conditions; lines without one have nothing that could be. */
function invalid(
  scope: readonly TaskPermit[],
  policies: readonly Policy[],
  schema: PolicySchema,
): Problem[] {
  const conditioned = policies.filter((_, at) => scope[at]?.when !== undefined)
  if (conditioned.length === 0) return []
  const part = schemaFor(scope, schema)
  if (typeof part === 'string') {
    const place = { file: 'scope', line: 1, column: 1 }
    return [{ ...place, code: 'policy.task_scope', message: part }]
  }
  const staticPolicies = Object.fromEntries(conditioned.map(({ id, text }) => [id, text]))
  const answer = withCedar((cedar) =>
    cedar.validate({
      schema: part,
      policies: { staticPolicies },
      validationSettings: { mode: 'strict' },
    }),
  )
  if (answer.type === 'failure') {
    return answer.errors.map(({ message }) => ({
      file: 'scope',
      line: 1,
      column: 1,
      code: 'policy.task_scope',
      message,
    }))
  }
  const byId = new Map(policies.map((policy) => [policy.id, policy]))
  return answer.validationErrors.map(({ policyId, error }) => {
    const { line, text } = byId.get(policyId)!
    const span: Span = { file: '', source: text, text, start: 0 }
    const prefix = text.indexOf(' when { ') + ' when { '.length
    return inLine(line, prefix, libraryProblem(span, 'policy.task_scope', error))
  })
}
