// Holds the decider: what the policies of a set say for one principal, by closures compiled once; and the library as second opinion.

import type { AuthorizationCall } from '@cedar-policy/cedar-wasm/nodejs'
import { Authorizer } from './cedar/authorizer.ts'
import type { Frame } from './cedar/expression.ts'
import { exactText } from './cedar/integers.ts'
import { compilePolicy, type CompiledPolicy } from './cedar/policy.ts'
import { policyFault } from './faults.ts'
import { withCedar } from './library.ts'
import type { Policy } from './policy.ts'
import { inScope, type Scope } from './scope.ts'

/** One question. */
export interface Question {
  /** As our own policies take it. */
  readonly frame: Frame
  /** What it is `in`, for whoever looks through policies one by one. */
  scope(): Scope
  /** As the library takes it. Everything has to be known. */
  json(): Pick<AuthorizationCall, 'principal' | 'action' | 'resource' | 'context' | 'entities'>
}

/** What the policies say: those that are satisfied and those that could not be evaluated. */
export interface Findings {
  readonly forbids: readonly string[]
  /** Satisfied permits, whether or not a forbid hides them; the library is only asked for them when they are wanted. */
  permits(): readonly string[]
  readonly errors: readonly { readonly id: string; readonly message: string }[]
}

/** Decides for one set of policies. */
export interface Engine {
  evaluate(question: Question): Findings
  /**
   * False only if these policies, which are of the set, deny whatever the unknown parts of the context are: a forbid that errs
   * denies (INV-2).
   */
  mayAllow(question: Question, policies: readonly Policy[]): boolean
}

/** Compiles a policy as the library parsed it, with the integers that its text has. Throws `policy.engine`. */
export function compiledPolicy({ id, text, json }: Policy): CompiledPolicy {
  const exact = exactText(text)
  if (exact === undefined) return compilePolicy(id, json, { integer: BigInt, slots: {} })
  const again = withCedar((cedar) => cedar.policyToJson(exact.text))
  if (again.type === 'failure') throw failure(again.errors)
  return compilePolicy(id, again.json, { integer: exact.integer, slots: {} })
}

/** The engine that decides: every policy a closure behind an index on its scope. Throws `policy.engine`. */
export function compiledEngine(policies: readonly Policy[]): Engine {
  const authorizer = new Authorizer(policies.map(compiledPolicy))
  return {
    evaluate(question) {
      const { forbids, permits, errors } = authorizer.ask(question.frame)
      return { forbids, permits: () => permits, errors }
    },
    mayAllow: (question, candidates) =>
      authorizer.mayAllow(
        question.frame,
        candidates.map(({ id }) => id),
      ),
  }
}

function failure(errors: readonly { readonly message: string }[]): Error {
  return policyFault(
    'policy.engine',
    'the policy library refused the request',
    new Error(errors.map((error) => error.message).join('; ')),
  )
}

/**
 * The library's own engine, for comparison with ours: nothing that we compiled takes part. It parses the policies at every
 * question, so it is asked about those that can speak of it (`inScope` of `scope.ts`, which knows no index).
 */
export function libraryEngine(policies: readonly Policy[]): Engine {
  const ask = (question: Question, asked: readonly Policy[]) => {
    const staticPolicies = Object.fromEntries(asked.map(({ id, text }) => [id, text]))
    const answer = withCedar((cedar) =>
      cedar.isAuthorized({ ...question.json(), policies: { staticPolicies } }),
    )
    if (answer.type === 'failure') throw failure(answer.errors)
    return answer.response
  }
  return {
    evaluate(question) {
      const scope = question.scope()
      const speaking = policies.filter((policy) => inScope(policy, scope))
      const { decision, diagnostics } = ask(question, speaking)
      const allowed = decision === 'allow'
      return {
        forbids: allowed ? [] : diagnostics.reason,
        permits() {
          if (allowed) return diagnostics.reason
          const permits = speaking.filter(({ effect }) => effect === 'permit')
          const alone = ask(question, permits)
          return alone.decision === 'allow' ? alone.diagnostics.reason : []
        },
        errors: diagnostics.errors.map(({ policyId, error }) => ({
          id: policyId,
          message: error.message,
        })),
      }
    },
    // What may be listed is not decided by it: a call is decided in full anyway.
    mayAllow: () => true,
  }
}
