// Holds what observe mode opens: an agent's own denials of calls that only read and write, and nothing else (INV-2).

import type { Decision, DecisionRequest, PartyAnswer } from '../../wire/decision.ts'
import type { Effect } from '../../wire/effect.ts'
import { absentOf } from '../counts.ts'
import { ancestorsOf, effective, principalOf, uidText } from '../entity.ts'
import { inWords, NOT_PERMITTED } from '../party.ts'
import type { Policy } from '../policy.ts'
import { crossing } from '../question.ts'
import { principalsOf } from './cover.ts'

/** Effects that a call may have, with everything that it sets off, to be opened. */
const OPENED: ReadonlySet<Effect> = new Set<Effect>(['read', 'write'])

/** Whether a call with these effects, which sets off those, is of the kind that observe mode can open. */
export function observable(effects: readonly Effect[], triggered: readonly Effect[] = []): boolean {
  return [...effective(effects), ...triggered].every((effect) => OPENED.has(effect))
}

type Policies = ReadonlyMap<string, Policy>

/** Whether a permit speaks of the agent, whatever its action and its conditions are. */
function speaksOf(policy: Policy, request: DecisionRequest): boolean {
  const { type, in: above, self } = principalsOf(policy)
  if (type !== undefined && type !== 'Instance') return false
  if (self !== undefined) return uidText(self) === uidText(principalOf('agent', request)!)
  return above === undefined || ancestorsOf('agent', request).has(uidText(above))
}

/**
 * INV-4 holds in observe mode as well: whoever acts without a user or a task is named by some policy that says so, though this
 * action is none of its.
 */
function mayBeAbsent(policies: Policies, request: DecisionRequest): boolean {
  const absent = absentOf(request)
  if (absent.length === 0) return true
  return [...policies.values()].some(
    (policy) =>
      policy.effect === 'permit' &&
      absent.every((one) => policy.without?.includes(one) === true) &&
      speaksOf(policy, request),
  )
}

/** Whether what the agent itself is denied for is of the kind that observe mode opens. */
function opensParty(policies: Policies, { errors, policies: ids, ...party }: PartyAnswer): boolean {
  if (party.environment === true || party.without !== undefined) return false
  if (errors.some(({ effect }) => effect === 'forbid')) return false
  // What was refused before policies were asked has no policy either; only this reason says that none permits.
  if (ids.length === 0) return party.reason === `${inWords('agent')} is denied: ${NOT_PERMITTED}`
  return ids.every(({ id, effect, gate }) => {
    const policy = policies.get(id)
    return effect === 'forbid' && gate === undefined && policy?.enforce !== true
  })
}

/**
 * True where a call that was denied goes on while its agent is observed. Never for a hold, an erring forbid, a gate, a forbid with
 * `@enforce`, another environment, a party other than the agent itself, or an effect besides `read` and `write`, be it of what
 * the call would set off.
 */
export function observeOpens(
  { policies }: { readonly policies: Policies },
  request: DecisionRequest,
  decision: Decision,
): boolean {
  if (decision.answer !== 'deny' || crossing(request.environments)) return false
  // What somebody was asked about is decided by what they said.
  if (request.setAside.size > 0) return false
  if (!observable(request.effects, request.triggered)) return false
  const others = decision.parties.filter(({ party }) => party !== 'agent')
  const own = decision.parties.find(({ party }) => party === 'agent')
  return (
    own?.answer === 'deny' &&
    others.every(({ answer }) => answer === 'allow') &&
    opensParty(policies, own) &&
    mayBeAbsent(policies, request)
  )
}
