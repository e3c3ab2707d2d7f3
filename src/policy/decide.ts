// Holds the decision of one call: every party answered by itself, the answers intersected (INV-4), errors denied (INV-2).

import { publicFault } from '../std/fault.ts'
import type { Answer, Decision, DecisionRequest, Gate, PartyAnswer } from '../wire/decision.ts'
import { gateName } from '../wire/gate.ts'
import { together, type Obligations } from '../wire/obligation.ts'
import { callContext } from './context.ts'
import { absentInWords, apart } from './counts.ts'
import { partyOf, principalOf, uidText } from './entity.ts'
import type { DecidingParts } from './parts.ts'
import { answerOf, inWords, NOT_PERMITTED } from './party.ts'
import { crossing, partiesOf, pinned } from './question.ts'

function gatesOf(parties: readonly PartyAnswer[]): Gate[] {
  const gates = new Map<string, Gate>()
  for (const { id, gate, reason } of parties.flatMap((party) => party.policies)) {
    if (gate === undefined) continue
    gates.set(id, { name: gate, policy: id, ...(reason !== undefined && { reason }) })
  }
  return [...gates.values()].sort((a, b) => (a.policy < b.policy ? -1 : 1))
}

function waits(gates: readonly Gate[]): string {
  const names = [...new Set(gates.map(({ name }) => gateName(name)))].join(' and ')
  const why = [...new Set(gates.flatMap(({ reason }) => reason ?? []))].join('; ')
  return `this call waits for the approval of ${names}${why === '' ? '' : `: ${why}`}`
}

/** The sentence for the agent: the reasons that the policies give, and nothing else about them. */
function toldTo(
  answer: Answer,
  parties: readonly PartyAnswer[],
  gates: readonly Gate[],
  environments: DecisionRequest['environments'],
): string {
  if (answer === 'allow') return 'every party allows this call'
  if (answer === 'hold') return waits(gates)
  const denying = parties.filter((party) => party.answer === 'deny')
  const forbids = denying
    .flatMap(({ policies }) => policies)
    .filter(({ gate }) => gate === undefined)
  const why = [...new Set(forbids.flatMap(({ reason }) => reason ?? []))].join('; ')
  if (why !== '') return why
  if (forbids.length > 0) return 'a policy forbids this call'
  const erring = denying.some(({ errors }) => errors.some(({ effect }) => effect === 'forbid'))
  if (erring) return 'a policy could not be evaluated for this call'
  if (crossing(environments) && denying.some(({ environment }) => environment === true)) {
    return `${apart(environments)}, and no policy lets this call cross`
  }
  // Said only where it is all that is missing: where others deny besides, a task or a user would not help.
  const without = denying.map((party) => party.without)
  if (without[0] !== undefined && !without.includes(undefined)) {
    return `no policy permits this call ${absentInWords(without[0])}`
  }
  // Whoever works on a task knows its scope; whether anything else would have denied is not said.
  return denying.every(({ party }) => party === 'task')
    ? 'the task does not cover this call'
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
  const obligations = obligationsOf(parties)
  return {
    answer,
    parties,
    gates,
    ...(obligations !== undefined && { obligations }),
    policySet: digest,
    reason,
  }
}

/** One value for each combination that comes up, so that what is made of it is made once. */
const unions = new Map<string, Obligations>()
const MOST_UNIONS = 1_000

/** What every permit that determined an answer asks for: whoever permits it with a demand is heard, whoever else permits it too. */
function obligationsOf(parties: readonly PartyAnswer[]): Obligations | undefined {
  let said: Obligations[] | undefined
  for (const { policies } of parties) {
    for (const { obligations } of policies) {
      if (obligations !== undefined && said?.includes(obligations) !== true) {
        said = [...(said ?? []), obligations]
      }
    }
  }
  if (said === undefined || said.length === 1) return said?.[0]
  const key = JSON.stringify(said)
  let union = unions.get(key)
  if (union === undefined) {
    union = together(said)!
    if (unions.size >= MOST_UNIONS) unions.clear()
    unions.set(key, union)
  }
  return union
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

/** Decides one call. Never throws. */
export function decide(parts: DecidingParts, request: DecisionRequest): Decision {
  try {
    const { input } = pinned(parts, request)
    const context = callContext(input, request, request.input, request.now)
    const answers = partiesOf(request).map((asked) => answerOf(parts, asked, request, context))
    return intersect(parts.digest, answers, request.environments)
  } catch (error) {
    return refuse(parts.digest, request, error)
  }
}
