// Holds the decision of one call: every party answered by itself, the answers intersected (INV-4), errors denied (INV-2).

import { publicFault } from '../std/fault.ts'
import type {
  Answer,
  Decision,
  DecisionRequest,
  DeterminingPolicy,
  ErringPolicy,
  Gate,
  PartyAnswer,
} from '../wire/decision.ts'
import { callContext } from './context.ts'
import type { Question } from './engine.ts'
import {
  actionUid,
  effective,
  entitiesOf,
  partyOf,
  principalOf,
  uidText,
  type Asked,
  type Subject,
} from './entity.ts'
import { policyFault } from './faults.ts'
import type { PolicyParts } from './parts.ts'
import type { Policy } from './policy.ts'
import type { TypedAction } from './schema.ts'

/** What everybody is told where no policy permits a call. */
const NOT_PERMITTED = 'no policy permits this call'

/**
 * The pinned action that a request names. Throws `policy.unknown_action`, or `policy.stale` if the request's labels are
 * not those that the set was compiled with.
 */
export function pinned(parts: PolicyParts, subject: Subject): TypedAction {
  const { id } = actionUid(subject.system, subject.action)
  const action = parts.schema.actions.get(id)
  if (action?.system !== subject.system || action.definition.name !== subject.action) {
    throw policyFault('policy.unknown_action', 'the action is not known to the policies in force')
  }
  const known = new Set(effective(action.definition.effects))
  const given = new Set(effective(subject.effects))
  if (known.size !== given.size || [...given].some((effect) => !known.has(effect))) {
    throw policyFault('policy.stale', 'the policies in force know other effects of this action')
  }
  return action
}

function determining(policies: readonly Policy[]): DeterminingPolicy[] {
  return policies.map(({ id, effect, reason, gate }) => ({
    id,
    effect,
    ...(reason !== undefined && { reason }),
    ...(gate !== undefined && { gate }),
  }))
}

/** The library answers in no particular order; ours is fixed, so that equal calls get equal decisions. */
function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1
}

function named(policies: readonly { readonly id: string }[]): string {
  return policies.map(({ id }) => `\`${id}\``).join(', ')
}

/** One party's answer to one question. Throws what the engine throws. */
function ask(
  parts: PolicyParts,
  asked: Asked,
  question: Question,
  { environments, setAside }: Pick<DecisionRequest, 'environments' | 'setAside'>,
): PartyAnswer {
  const party = partyOf(asked)
  const who = inWords(asked)
  const findings = parts.engine.evaluate(question)
  const find = (ids: readonly string[]) => ids.map((id) => parts.policies.get(id)!).sort(byId)
  const errors: ErringPolicy[] = findings.errors
    .map(({ id, message }) => ({ id, effect: parts.policies.get(id)!.effect, message }))
    .sort(byId)
  const answered = (
    answer: Answer,
    policies: readonly Policy[],
    reason: string,
    more: Pick<PartyAnswer, 'environment'> = {},
  ): PartyAnswer => ({
    party,
    principal: uidText(question.principal),
    answer,
    policies: determining(policies),
    errors,
    reason,
    ...more,
  })
  const forbids = find(findings.forbids)
  const erring = errors.filter(({ effect }) => effect === 'forbid')
  if (erring.length > 0) {
    return answered('deny', forbids, `${who} is denied: ${named(erring)} could not be evaluated`)
  }
  // Only a gated forbid can be set aside, whatever an approval names.
  const standing = forbids.filter(({ id, gate }) => gate === undefined || !setAside.has(id))
  if (standing.some(({ gate }) => gate === undefined)) {
    return answered('deny', standing, `${who} is denied by ${named(standing)}`)
  }
  const permits = find(findings.permits())
  if (permits.length === 0) {
    return answered('deny', standing, `${who} is denied: ${NOT_PERMITTED}`)
  }
  if (crossing(environments) && !permits.some(({ crosses }) => crosses === 'environment')) {
    const reason = `${who} is denied: ${notCrossing(environments)}, and ${named(permits)} does not say \`@crosses("environment")\``
    return answered('deny', standing, reason, { environment: true })
  }
  if (standing.length > 0) {
    return answered('hold', standing, `${who} is held by ${named(standing)}`)
  }
  return answered('allow', permits, `${who} is allowed by ${named(permits)}`)
}

/** True where the agent is of another environment than the system. */
export function crossing(
  environments: DecisionRequest['environments'],
): environments is NonNullable<typeof environments> {
  return environments !== undefined && environments.agent !== environments.system
}

function notCrossing({ agent, system }: NonNullable<DecisionRequest['environments']>): string {
  return `the agent is of the environment \`${agent}\`, the system of \`${system}\``
}

function gatesOf(parties: readonly PartyAnswer[]): Gate[] {
  const gates = new Map<string, Gate>()
  for (const { id, gate, reason } of parties.flatMap((party) => party.policies)) {
    if (gate === undefined) continue
    gates.set(id, { name: gate, policy: id, ...(reason !== undefined && { reason }) })
  }
  return [...gates.values()].sort((a, b) => (a.policy < b.policy ? -1 : 1))
}

/** The sentence for the agent: the reasons that the policies give, and nothing else about them. */
function toldTo(
  answer: Answer,
  parties: readonly PartyAnswer[],
  gates: readonly Gate[],
  environments: DecisionRequest['environments'],
): string {
  if (answer === 'allow') return 'every party allows this call'
  if (answer === 'hold') {
    const names = [...new Set(gates.map(({ name }) => name))].join(' and ')
    const why = [...new Set(gates.flatMap(({ reason }) => reason ?? []))].join('; ')
    return `this call waits for the approval of ${names}${why === '' ? '' : `: ${why}`}`
  }
  const denying = parties.filter((party) => party.answer === 'deny')
  const forbids = denying
    .flatMap(({ policies }) => policies)
    .filter(({ gate }) => gate === undefined)
  const why = [...new Set(forbids.flatMap(({ reason }) => reason ?? []))].join('; ')
  if (why !== '') return why
  if (forbids.length > 0) return 'a policy forbids this call'
  const erring = denying.some(({ errors }) => errors.some(({ effect }) => effect === 'forbid'))
  if (erring) return 'a policy could not be evaluated for this call'
  return crossing(environments) && denying.some(({ environment }) => environment === true)
    ? `${notCrossing(environments)}, and no policy lets this call cross`
    : NOT_PERMITTED
}

function intersect(
  digest: string,
  parties: readonly PartyAnswer[],
  environments: DecisionRequest['environments'],
): Decision {
  const answers = parties.map((party) => party.answer)
  const answer = answers.includes('deny') ? 'deny' : answers.includes('hold') ? 'hold' : 'allow'
  const gates = answer === 'hold' ? gatesOf(parties) : []
  const reason = toldTo(answer, parties, gates, environments)
  return { answer, parties, gates, policySet: digest, reason }
}

/** The denial of every party for one reason that is not a policy's. */
function refuse(digest: string, request: DecisionRequest, error: unknown): Decision {
  const { detail, code } = publicFault(error)
  const parties = partiesOf(request).map((asked): PartyAnswer => {
    const party = partyOf(asked)
    const principal = uidText(principalOf(asked, request)!)
    const reason = `${inWords(asked)} is denied (${code}): ${detail}`
    return { party, principal, answer: 'deny', policies: [], errors: [], reason }
  })
  return { answer: 'deny', parties, gates: [], policySet: digest, reason: detail }
}

/** Who is asked: the person first, where there is one, then down the chain to the agent itself. */
export function partiesOf({ delegators = [], person }: Subject): Asked[] {
  return person === undefined ? [...delegators, 'agent'] : ['person', ...delegators, 'agent']
}

/** A party in words. */
function inWords(asked: Asked): string {
  return typeof asked === 'string' ? `the ${asked}` : `the delegating agent \`${asked.name}\``
}

/** A party's question about an action, with the context that is given. */
export function questionOf(asked: Asked, subject: Subject, context: Question['context']): Question {
  return {
    principal: principalOf(asked, subject)!,
    action: actionUid(subject.system, subject.action),
    resource: { type: 'System', id: subject.system },
    context,
    entities: entitiesOf(subject),
  }
}

/** Decides one call. Never throws. */
export function decide(parts: PolicyParts, request: DecisionRequest): Decision {
  try {
    const { input } = pinned(parts, request)
    const context = callContext(input, request, request.input, request.now)
    const answers = partiesOf(request).map((asked) =>
      ask(parts, asked, questionOf(asked, request, context), request),
    )
    return intersect(parts.digest, answers, request.environments)
  } catch (error) {
    return refuse(parts.digest, request, error)
  }
}
