// Holds asking people ahead: an agent says what it will need for its task, and waits for the answer or goes on.

import type { Actor } from '../wire/actor.ts'
import type { Decision } from '../wire/decision.ts'
import type { CallRequest } from './call.ts'
import { deny, isDenial, type Denial } from './denial.ts'
import type { AheadAsk, ApprovalView, Ports } from './ports.ts'
import type { Resolved } from './steps/03-resolve.ts'
import { gatesBy } from './steps/05-checks.ts'
import { amendedAsk, callDigest } from './steps/05-gate.ts'

/** What an agent wants for its task. */
export interface AccessWanted {
  readonly terms: AheadAsk['ahead']['terms']
  /** Its own words: shown to people as what they are. */
  readonly why: string
  /** How long it waits for an answer (ms); 0: not at all. */
  readonly waitMs: number
}

/** What became of asking. */
export interface Asked {
  readonly kind: 'asked'
  readonly call: string
  /** `not_needed`: policy lets such a call go on by itself; `approved`: what was agreed to covers it already. */
  readonly state: 'not_needed' | 'approved' | 'pending'
  /** Absent where nobody was asked. */
  readonly approval?: ApprovalView
}

interface Decided {
  readonly id: string
  readonly request: CallRequest
  readonly actor: Actor
  readonly resolved: Resolved
  readonly decision: Decision
}

/** Asks, or joins the wait that an earlier request of the same began. */
export async function askAhead(
  of: Decided,
  { terms, why, waitMs }: AccessWanted,
  ports: Ports,
): Promise<Asked | Denial> {
  const { id: call, request, actor, resolved, decision } = of
  if (decision.answer === 'allow') return { kind: 'asked', call, state: 'not_needed' }
  if (request.unbound !== undefined) return deny('approval.unbound', request.unbound)
  // Checks are asked about every call by itself, when it is made.
  const gates = gatesBy(decision).people
  if (gates.length === 0) return { kind: 'asked', call, state: 'not_needed' }
  const ask = amendedAsk({ id: call, actor, request }, resolved, { ...decision, gates })
  if (ports.approvals.amended(ask) !== undefined) return { kind: 'asked', call, state: 'approved' }
  const { count, forMs, loosen } = terms
  const about = { count, for_ms: forMs, loosen: [...loosen] }
  const asked = await ports.approvals.askAhead({
    ...ask,
    callDigest: callDigest(actor, resolved, decision, request, ports, about),
    effects: resolved.action.effects,
    reason: decision.reason,
    ahead: { terms, why },
  })
  if (isDenial(asked)) return asked
  const { control } = request
  const signal = AbortSignal.any([control.signal, control.leftSignal])
  const waits = asked.state === 'pending' && waitMs > 0
  const approval = waits ? await ports.approvals.wait(asked.id, { ms: waitMs, signal }) : asked
  if (approval.state === 'pending' || approval.state === 'approved') {
    return { kind: 'asked', call, state: approval.state, approval }
  }
  if (approval.state === 'denied') {
    const said = approval.answer ?? 'no reason given'
    return deny('approval.denied', `a person denied this request: ${said}`)
  }
  if (approval.state === 'expired') return deny('approval.expired', 'nobody agreed in time')
  return deny('approval.void', 'the request is no longer there')
}
