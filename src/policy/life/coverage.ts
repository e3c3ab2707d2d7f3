// Holds the coverage of policies by tests: which policies ever determined an answer, which clauses were ever true and false.

import { Fault } from '../../std/fault.ts'
import type { Decision, DecisionRequest } from '../../wire/decision.ts'
import { callContext } from '../context.ts'
import { compiledEngine, type Engine } from '../engine.ts'
import { withCedar } from '../library.ts'
import type { Policy } from '../policy.ts'
import { partiesOf, pinned, questionOf } from '../question.ts'
import type { PolicySet } from '../set.ts'
import { placeAt } from '../source.ts'
import { headAsPermit, partsOf } from './clause.ts'

/** Where a clause stands, and what it was. */
export interface ClauseCoverage {
  readonly kind: 'when' | 'unless'
  /** In the policy's file, from 1. */
  readonly line: number
  readonly column: number
  readonly wasTrue: boolean
  readonly wasFalse: boolean
}

/** How far tests reach into one policy. */
export interface PolicyCoverage {
  readonly id: string
  readonly file: string
  readonly line: number
  readonly determined: boolean
  readonly clauses: readonly ClauseCoverage[]
}

/** How far tests reach into a set. */
export interface Coverage {
  readonly policies: readonly PolicyCoverage[]
  /** What was reached of everything that can be: a policy that determines, a clause that is true, one that is false. */
  readonly reached: number
  readonly of: number
}

/** One clause as a policy of its own, as it is or turned round: it is satisfied exactly where the clause is so. */
interface Probe {
  readonly policy: Policy
  readonly owner: string
  readonly clause: number
  readonly truth: boolean
}

function probesOf(policy: Policy): Probe[] {
  const { clauses } = partsOf(policy.text)
  const permit = headAsPermit(policy.text)
  return clauses.flatMap((clause, at) =>
    [true, false].map((truth): Probe => {
      const kind = truth ? 'when' : 'unless'
      const text = `${permit}${kind} {${clause.text}\n};`
      const id = `${policy.id}#${at}#${truth}`
      const answer = withCedar((cedar) => cedar.policyToJson(text))
      const json = answer.type === 'success' ? answer.json : policy.json
      const { file, line } = policy
      return {
        policy: { id, effect: 'permit', file, line, text, json },
        owner: policy.id,
        clause: at,
        truth,
      }
    }),
  )
}

/** Tells what tests reach. */
export class CoverageMeter {
  readonly #set: PolicySet
  readonly #probes: ReadonlyMap<string, Probe>
  readonly #engine: Engine
  readonly #determined = new Set<string>()
  readonly #seen = new Set<string>()

  constructor(set: PolicySet) {
    this.#set = set
    const probes = [...set.policies.values()].flatMap(probesOf)
    this.#probes = new Map(probes.map((probe) => [probe.policy.id, probe]))
    this.#engine = compiledEngine(probes.map(({ policy }) => policy))
  }

  /** Counts one call that was decided. */
  count(request: DecisionRequest, decision: Decision): void {
    for (const { policies, errors } of decision.parties) {
      for (const { id } of [...policies, ...errors]) this.#determined.add(id)
    }
    if (this.#probes.size === 0) return
    for (const asked of partiesOf(request)) {
      const context = this.#context(request)
      // Arguments that do not fit the pinned definition reach no clause.
      if (context === undefined) return
      const findings = this.#engine.evaluate(questionOf(asked, request, context))
      for (const id of findings.permits()) this.#seen.add(id)
    }
  }

  #context(request: DecisionRequest): ReturnType<typeof callContext> | undefined {
    try {
      const { input } = pinned(this.#set, request)
      return callContext(input, request, request.input, request.now)
    } catch (error) {
      if (error instanceof Fault) return undefined
      throw error
    }
  }

  /** What was reached until now. */
  coverage(): Coverage {
    let reached = 0
    let of = 0
    const policies = [...this.#set.policies.values()].map((policy): PolicyCoverage => {
      const determined = this.#determined.has(policy.id)
      const clauses = partsOf(policy.text).clauses.map(({ kind, start }, at): ClauseCoverage => {
        const { line, column } = placeAt(policy.text, start)
        const wasTrue = this.#seen.has(`${policy.id}#${at}#true`)
        const wasFalse = this.#seen.has(`${policy.id}#${at}#false`)
        reached += Number(wasTrue) + Number(wasFalse)
        of += 2
        return { kind, line: policy.line + line - 1, column, wasTrue, wasFalse }
      })
      reached += Number(determined)
      of += 1
      return { id: policy.id, file: policy.file, line: policy.line, determined, clauses }
    })
    return { policies, reached, of }
  }
}
