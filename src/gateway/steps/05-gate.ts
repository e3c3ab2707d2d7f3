// Holds the fifth step: a held call waits for the approval of exactly this call (INV-6).

import { canonicalJson, type JsonObject } from '../../std/json.ts'
import type { Actor } from '../../wire/actor.ts'
import type { Decision } from '../../wire/decision.ts'
import type { CallRequest } from '../call.ts'
import { deny, type Denial } from '../denial.ts'
import { personOf } from '../person.ts'
import type { AmendedAsk, ApprovalView, Ports } from '../ports.ts'
import type { Resolved } from './03-resolve.ts'

/** A call that still waits when its request has to answer. */
export interface Held {
  readonly held: true
  readonly approval: ApprovalView
  readonly decision: Decision
}

/** What a held call uses of what persons agreed to for its task: looked for on what was decided, with nothing taken. */
export function amendedAsk(
  call: { readonly id: string; readonly actor: Actor; readonly request: CallRequest },
  { system, action }: Resolved,
  { gates, policySet }: Decision,
): AmendedAsk {
  const { id, actor, request } = call
  return {
    call: id,
    actor,
    system: system.name,
    action: action.name,
    input: request.input,
    definition: action.digest,
    policySet,
    gates,
  }
}

/** What an approval is bound to: the same text whenever the same instance asks for the same thing under the same terms. */
export function callDigest(
  actor: Actor,
  resolved: Resolved,
  decision: Decision,
  request: Pick<CallRequest, 'input'>,
  ports: Pick<Ports, 'commitments'>,
  ahead?: JsonObject,
): string {
  return ports.commitments.commit(
    canonicalJson({
      instance: actor.instance,
      agent: actor.agent,
      delegation: actor.delegation?.id ?? null,
      chain: actor.chain.map((one) => [one.delegation, one.instance]),
      task: actor.task?.id ?? null,
      system: resolved.system.name,
      action: resolved.action.name,
      definition: resolved.action.digest,
      input: request.input,
      gates: decision.gates.map((gate) => [gate.name, gate.policy]),
      ...(ahead !== undefined && { ahead }),
    }),
    personOf(actor),
  )
}

/**
 * Asks, or joins the wait that an earlier request of the same call began, and waits within the caller's patience. A caller
 * that left ends this wait only; one that cancels, an instance that is gone or a lock voids the approval.
 */
export async function gate(
  call: { readonly id: string; readonly actor: Actor; readonly request: CallRequest },
  resolved: Resolved,
  decision: Decision,
  ports: Ports,
): Promise<ApprovalView | Held | Denial> {
  const { actor, request } = call
  const { control } = request
  const asked = await ports.approvals.ask({
    callDigest: callDigest(actor, resolved, decision, request, ports),
    call: call.id,
    actor,
    system: resolved.system.name,
    action: resolved.action.name,
    input: request.input,
    effects: resolved.action.effects,
    definition: resolved.action.digest,
    policySet: decision.policySet,
    gates: decision.gates,
    reason: decision.reason,
  })
  let view = asked
  if (view.state === 'pending') {
    request.onHeld?.(asked)
    view = await wait(asked, request, ports)
  }
  if (view.state === 'pending' && control.ended !== undefined) {
    await ports.approvals.void(view.id, control.ended.detail)
    return deny(control.ended.code, control.ended.detail)
  }
  switch (view.state) {
    case 'pending':
      return { held: true, approval: { ...view, fresh: asked.fresh }, decision }
    case 'approved':
      return view
    case 'denied':
      return deny(
        'approval.denied',
        `a person denied this call: ${view.answer ?? 'no reason given'}`,
      )
    case 'expired':
      return deny('approval.expired', 'nobody agreed in time')
    case 'void':
    case 'consumed':
      return deny('approval.void', 'the approval is no longer there for this call')
  }
}

async function wait(
  asked: ApprovalView,
  request: CallRequest,
  ports: Ports,
): Promise<ApprovalView> {
  const { control } = request
  const stop = new AbortController()
  const onEnd = (): void => stop.abort()
  for (const signal of [control.signal, control.leftSignal]) {
    if (signal.aborted) stop.abort()
    signal.addEventListener('abort', onEnd, { once: true })
  }
  try {
    return await ports.approvals.wait(asked.id, {
      ms: request.patienceMs(asked),
      signal: stop.signal,
    })
  } finally {
    control.signal.removeEventListener('abort', onEnd)
    control.leftSignal.removeEventListener('abort', onEnd)
  }
}
