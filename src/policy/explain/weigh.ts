// Holds the weighing of a policy's clauses against one call: each leaf evaluated by the engine, in the order in which Cedar asks.

import type { ClauseResult } from '../../wire/api/explanation.ts'
import { compiledEngine, type Engine, type Question } from '../engine.ts'
import { withCedar } from '../library.ts'
import type { Policy } from '../policy.ts'
import { conditionsOf, leavesOf, wholeOf, type Clause, type Condition } from './clause.ts'

/** A policy's conditions, with an engine that evaluates each of their leaves. */
export interface Weighable {
  readonly conditions: readonly Condition[]
  readonly whole: Clause
  readonly engine: Engine
  readonly leaves: readonly Extract<Clause, { kind: 'leaf' }>[]
}

/** What became of a leaf. */
export interface Weighed {
  readonly result: ClauseResult
  readonly error?: string
}

/** Taken apart once per policy; forgotten with its set. */
const known = new WeakMap<Policy, Weighable>()

/** A leaf as a policy of its own: it permits exactly where the leaf is true. */
function leafPolicy(text: string, at: number): Policy {
  const whole = `permit (principal, action, resource) when {\n${text}\n};`
  const answer = withCedar((cedar) => cedar.policyToJson(whole))
  if (answer.type === 'failure') throw new Error(answer.errors[0]?.message ?? 'no expression')
  return { id: `leaf${at}`, effect: 'permit', file: '', line: 1, text: whole, json: answer.json }
}

/** The conditions of a policy of a set, taken apart. */
export function weighable(policy: Policy): Weighable {
  const before = known.get(policy)
  if (before !== undefined) return before
  const conditions = conditionsOf(policy.text)
  const whole = wholeOf(conditions)
  const leaves = leavesOf(whole)
  const engine = compiledEngine(leaves.map(({ text }, at) => leafPolicy(text, at)))
  const made = { conditions, whole, leaves, engine }
  known.set(policy, made)
  return made
}

/** The value of every leaf for a question, whether Cedar would ask for it or not. */
export function leafValues(
  { engine, leaves }: Weighable,
  question: Question,
): Map<Clause, Weighed> {
  const findings = engine.evaluate(question)
  const holding = new Set(findings.permits())
  const errors = new Map(findings.errors.map(({ id, message }) => [id, message]))
  return new Map(
    leaves.map((leaf, at): [Clause, Weighed] => {
      const error = errors.get(`leaf${at}`)
      if (error !== undefined) return [leaf, { result: 'error', error }]
      return [leaf, { result: holding.has(`leaf${at}`) ? 'true' : 'false' }]
    }),
  )
}

type Value = 'true' | 'false' | 'error'

/** Evaluates a clause as Cedar does: from the left, as far as needed. Leaves that were asked for are put into `asked`. */
export function outcome(
  clause: Clause,
  values: ReadonlyMap<Clause, Weighed>,
  asked: Set<Clause> = new Set(),
): Value {
  if (clause.kind === 'leaf') {
    asked.add(clause)
    return (values.get(clause)?.result ?? 'error') as Value
  }
  if (clause.kind === 'not') {
    const inner = outcome(clause.part, values, asked)
    return inner === 'error' ? inner : inner === 'true' ? 'false' : 'true'
  }
  const goesOn = clause.kind === 'all' ? 'true' : 'false'
  for (const part of clause.parts) {
    const value = outcome(part, values, asked)
    if (value !== goesOn) return value
  }
  return goesOn
}
