// Holds the last part of the fourth step: what observe mode opens for an agent that is being observed, within INV-2.

import type { Decision, DecisionRequest } from '../../wire/decision.ts'
import type { Ports } from '../ports.ts'

/**
 * The decision as it takes effect. A denial becomes an allow, marked as what it is, where a person with the right to has set the
 * agent to be observed, that has not ended, and what was denied is of the kind that it opens; everything else stays as it was.
 * Locks, life, scopes, delegations and limits are asked elsewhere and know nothing of it.
 */
export function observe(
  request: DecisionRequest,
  decision: Decision,
  { policy, observing }: Pick<Ports, 'policy' | 'observing'>,
): Decision {
  if (decision.answer !== 'deny') return decision
  if (!observing.observed(request.agent.name)) return decision
  if (!policy.observeOpens(request, decision)) return decision
  return { ...decision, answer: 'allow', observed: true }
}
