// Holds the decider: what the policies of a set say for one principal. The only file that changes when deciding is our own.

import type { CedarValueJson, EntityJson, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs'
import { policyFault } from './faults.ts'
import { libraryGeneration, withCedar } from './library.ts'
import type { Policy } from './policy.ts'

/** One question in Cedar's terms. */
export interface Question {
  readonly principal: TypeAndId
  readonly action: TypeAndId
  readonly resource: TypeAndId
  readonly context: Record<string, CedarValueJson>
  readonly entities: EntityJson[]
}

/** What the policies say: those that are satisfied and those that could not be evaluated. */
interface Findings {
  readonly forbids: readonly string[]
  /** Satisfied permits; looked up only when asked, because a forbid hides them from the library's answer. */
  permits(): readonly string[]
  readonly errors: readonly { readonly id: string; readonly message: string }[]
}

/** Decides for one set of policies. */
export interface Engine {
  evaluate(question: Question): Findings
  /** False only if these policies deny whatever the unknown parts of the context are. May throw `policy.engine`. */
  mayAllow(question: Question, policies: readonly Policy[]): boolean
}

/**
 * What the library preparses it keeps for ever, so a set takes one of two slots and overwrites whoever had it: old and
 * new set alternate during a swap, and any number of loads costs the memory of two.
 */
const SLOTS: { owner: object | undefined; used: number; generation: number }[] = [
  { owner: undefined, used: 0, generation: 0 },
  { owner: undefined, used: 0, generation: 0 },
]
let turn = 0

function texts(policies: readonly Policy[]): Record<string, string> {
  return Object.fromEntries(policies.map(({ id, text }) => [id, text]))
}

function preparse(name: string, policies: readonly Policy[]): void {
  const answer = withCedar((cedar) =>
    cedar.preparsePolicySet(name, { staticPolicies: texts(policies) }),
  )
  if (answer.type === 'failure') throw failure(answer.errors)
}

function failure(errors: readonly { readonly message: string }[]): Error {
  return policyFault(
    'policy.engine',
    'the policy library refused the request',
    new Error(errors.map((error) => error.message).join('; ')),
  )
}

/** The slot of an owner, filled if somebody else had it or the library was loaded anew since. */
function claim(owner: object, policies: readonly Policy[]): string {
  let at = SLOTS.findIndex((slot) => slot.owner === owner)
  if (at < 0) at = SLOTS[0]!.used <= SLOTS[1]!.used ? 0 : 1
  const slot = SLOTS[at]!
  if (slot.owner !== owner || slot.generation !== libraryGeneration()) {
    slot.owner = undefined
    preparse(`bailiwick/${at}/all`, policies)
    preparse(
      `bailiwick/${at}/permits`,
      policies.filter((policy) => policy.effect === 'permit'),
    )
    slot.owner = owner
    slot.generation = libraryGeneration()
  }
  slot.used = ++turn
  return `bailiwick/${at}`
}

/** The engine on the library. Takes no memory there before its first question. */
export function libraryEngine(policies: readonly Policy[]): Engine {
  const owner = {}
  const ask = (which: 'all' | 'permits', question: Question) => {
    const preparsedPolicySetId = `${claim(owner, policies)}/${which}`
    const answer = withCedar((cedar) =>
      cedar.statefulIsAuthorized({ ...question, preparsedPolicySetId }),
    )
    if (answer.type === 'failure') throw failure(answer.errors)
    return answer.response
  }
  return {
    evaluate(question) {
      const { decision, diagnostics } = ask('all', question)
      const allowed = decision === 'allow'
      return {
        forbids: allowed ? [] : diagnostics.reason,
        permits() {
          if (allowed) return diagnostics.reason
          const alone = ask('permits', question)
          return alone.decision === 'allow' ? alone.diagnostics.reason : []
        },
        errors: diagnostics.errors.map(({ policyId, error }) => ({
          id: policyId,
          message: error.message,
        })),
      }
    },
    mayAllow(question, candidates) {
      const answer = withCedar((cedar) =>
        cedar.isAuthorizedPartial({ ...question, policies: { staticPolicies: texts(candidates) } }),
      )
      if (answer.type === 'failure') throw failure(answer.errors)
      const { decision, errored } = answer.response
      const permits = new Set(candidates.filter((p) => p.effect === 'permit').map((p) => p.id))
      return decision !== 'deny' || errored.some((id) => permits.has(id))
    },
  }
}
