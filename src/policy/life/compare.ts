// Holds the comparison of two policy sets: which policies differ in what they say, and which classes of calls are answered otherwise.

import type { JsonObject } from '../../std/json.ts'
import type { Answer } from '../../wire/decision.ts'
import type { Policy } from '../policy.ts'
import type { PolicySet } from '../set.ts'
import { boundaryRequests } from './boundary.ts'
import { normalised, partsOf } from './clause.ts'
import { ActionCover } from './cover.ts'
import { determinedBy } from './determined.ts'

/** What of a policy differs. */
export interface PolicyDifference {
  readonly id: string
  readonly change: 'added' | 'removed' | 'changed'
  /** Of one that changed: which of its parts say something else. */
  readonly parts: readonly ('annotations' | 'effect' | 'scope' | 'conditions')[]
}

/** Calls that are answered otherwise, for the same reason each. */
export interface CallDifference {
  readonly action: string
  readonly before: Answer
  readonly after: Answer
  readonly by_before: readonly string[]
  readonly by_after: readonly string[]
  /** Made-up calls of this class. */
  readonly calls: number
  readonly example: {
    readonly agent: string
    readonly agent_roles: readonly string[]
    readonly person_roles: readonly string[]
    readonly input: JsonObject
  }
}

/** How two sets differ. */
export interface Comparison {
  readonly policies: readonly PolicyDifference[]
  readonly classes: readonly CallDifference[]
  /** Made-up calls that were asked of both. */
  readonly asked: number
}

const MOST_CLASSES = 200

/** Lines of the made-up task are no policies of either set. */
function isPolicy(id: string): boolean {
  return !id.startsWith('scope:')
}

/** Effect and scope, without annotations. */
function scopeText({ text, effect }: Policy): string {
  const head = normalised(partsOf(text).head)
  return head.slice(head.lastIndexOf(`${effect} (`))
}

function conditions({ text }: Policy): string {
  return partsOf(text)
    .clauses.map(({ kind, tokens }) => `${kind} ${tokens}`)
    .sort()
    .join('\n')
}

function annotations({ json }: Policy): string {
  return JSON.stringify(Object.entries(json.annotations ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function partsThatDiffer(a: Policy, b: Policy): PolicyDifference['parts'] {
  return [
    ...(annotations(a) === annotations(b) ? [] : (['annotations'] as const)),
    ...(a.effect === b.effect ? [] : (['effect'] as const)),
    ...(scopeText(a).slice(a.effect.length) === scopeText(b).slice(b.effect.length)
      ? []
      : (['scope'] as const)),
    ...(conditions(a) === conditions(b) ? [] : (['conditions'] as const)),
  ]
}

/** Which policies differ; space, comments, files and order are no difference. */
function policyDifferences(before: PolicySet, after: PolicySet): PolicyDifference[] {
  const out: PolicyDifference[] = []
  for (const [id, policy] of before.policies) {
    const now = after.policies.get(id)
    if (now === undefined) out.push({ id, change: 'removed', parts: [] })
    else {
      const parts = partsThatDiffer(policy, now)
      if (parts.length > 0) out.push({ id, change: 'changed', parts })
    }
  }
  for (const id of after.policies.keys()) {
    if (!before.policies.has(id)) out.push({ id, change: 'added', parts: [] })
  }
  return out.sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Compares two sets over one schema. Pure and deterministic; what it finds is real, what it does not find is not proven away. */
export function compareSets(before: PolicySet, after: PolicySet): Comparison {
  const policies = policyDifferences(before, after)
  const ids = new Set(policies.map(({ id }) => id))
  const touched = [before, after].flatMap((set) =>
    [...set.policies.values()].filter(({ id }) => ids.has(id)),
  )
  const cover = new ActionCover(after.schema)
  const actions = new Set(touched.flatMap((policy) => [...cover.of(policy)]))
  const all = [...before.policies.values(), ...after.policies.values()]
  const classes = new Map<string, CallDifference>()
  let asked = 0
  for (const request of boundaryRequests(all, after.schema, actions)) {
    asked++
    const [was, is] = [before.decide(request), after.decide(request)]
    if (was.answer === is.answer) continue
    const action = `${request.system}/${request.action}`
    const [by_before, by_after] = [was, is].map((one) => determinedBy(one).filter(isPolicy)) as [
      string[],
      string[],
    ]
    const key = JSON.stringify([action, was.answer, is.answer, by_before, by_after])
    const known = classes.get(key)
    if (known === undefined && classes.size >= MOST_CLASSES) continue
    const { agent, person, input } = request
    const example = known?.example ?? {
      agent: agent.name,
      agent_roles: agent.roles,
      person_roles: person?.roles ?? [],
      input,
    }
    const calls = (known?.calls ?? 0) + 1
    classes.set(key, {
      action,
      before: was.answer,
      after: is.answer,
      by_before,
      by_after,
      calls,
      example,
    })
  }
  return { policies, classes: [...classes.values()], asked }
}
