// Holds the explanation of a decision, for operators: each party by itself, clause by clause, and what would allow the call.

import type { DecisionRequest, PartyAnswer } from '../../wire/decision.ts'
import type { ExplainedParty, ExplainedPolicy, Explanation } from '../../wire/api/explanation.ts'
import { callContext } from '../context.ts'
import { decide } from '../decide.ts'
import type { Asked } from '../entity.ts'
import type { DecidingParts } from '../parts.ts'
import type { Policy } from '../policy.ts'
import { partiesOf, pinned, questionOf } from '../question.ts'
import { adviceFrom } from './advise.ts'
import { bySize, changesFor, together, type Change } from './changes.ts'
import { nearPermits } from './move.ts'
import { obligationsInWords } from './obligation.ts'
import { shownPolicy, type Held } from './shown.ts'
import type { World } from './world.ts'

/** Permits beside the point that are shown for a party. */
const MAX_NEAR = 5

/** Changes that are told altogether. */
const MAX_CHANGES = 16

type Part = ExplainedPolicy['part']

/** The policies that an answer is about, and the part that each had. */
function concerned(world: World, asked: Asked, answer: PartyAnswer): [Policy, Part][] {
  const all = new Map(world.parts.policies)
  if (asked === 'task') {
    const compiled = world.parts.scopes.of(world.request.task!)
    if (compiled.ok) for (const policy of compiled.scope.policies) all.set(policy.id, policy)
  }
  const out = new Map<Policy, Part>()
  for (const { id } of answer.errors) out.set(all.get(id)!, 'erred')
  for (const { id } of answer.policies) out.set(all.get(id)!, 'determined')
  const against = [...answer.policies, ...answer.errors].some(({ effect }) => effect === 'forbid')
  if (answer.answer === 'deny' && !against) {
    for (const policy of nearPermits(world, asked, 'operator').slice(0, MAX_NEAR)) {
      if (!out.has(policy)) out.set(policy, 'near')
    }
  }
  return [...out]
}

function explained(
  world: World,
  asked: Asked,
  answer: PartyAnswer,
  values: boolean,
): ExplainedParty {
  const { parts, request } = world
  const { party, principal, reason } = answer
  const shown = { party, principal, answer: answer.answer, reason }
  try {
    const context = callContext(pinned(parts, request).input, request, request.input, request.now)
    const held: Held = { asked, request, question: questionOf(asked, request, context), values }
    const policies = concerned(world, asked, answer).map(([policy, part]) =>
      shownPolicy(policy, part, held),
    )
    return { ...shown, policies }
  } catch {
    // The call itself could not be decided: the reason of every party says why.
    return { ...shown, policies: [] }
  }
}

function changes(world: World, asked: Asked, answer: PartyAnswer): Change[] {
  try {
    return changesFor(world, asked, answer, 'operator')
  } catch {
    return []
  }
}

/** Explains what would be decided for a request. Never throws. `values` shows what stands in the arguments. */
export function explain(
  parts: DecidingParts,
  request: DecisionRequest,
  { values = true }: { readonly values?: boolean } = {},
): Explanation {
  const decision = decide(parts, request)
  const world: World = { parts, request }
  const asked = partiesOf(request)
  const found = asked.flatMap((one, at) => changes(world, one, decision.parties[at]!))
  const combined = together(world, found)
  return {
    answer: decision.answer,
    reason: decision.reason,
    advice: adviceFrom(world, decision, found),
    digest: decision.policySet,
    ...(decision.obligations !== undefined &&
      decision.answer === 'allow' && { obligations: obligationsInWords(decision.obligations) }),
    parties: asked.map((one, at) => explained(world, one, decision.parties[at]!, values)),
    changes: found
      .sort(bySize)
      .slice(0, MAX_CHANGES)
      .map(({ told }) => told),
    ...(combined !== undefined && { together: combined }),
  }
}
