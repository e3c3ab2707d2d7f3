// Holds the eighth step: locks once more, then the decided tree goes out, and what comes back comes in.

import { Fault, publicFault } from '../../std/fault.ts'
import { traceparentOf, tracestateOf } from '../../wire/trace.ts'
import { CallEnd, type Call } from '../call.ts'
import { isDenial, type Denial } from '../denial.ts'
import { GATEWAY_FAULTS } from '../faults.ts'
import { NotSent, type Operation, type Permit, type Sending } from '../operation.ts'
import type { Ports } from '../ports.ts'
import { admit, barred } from './02-admit.ts'

/** How long an upstream may take for one call (ms). */
const CALL_MS = 600_000

/** A call that was sent and has no answer: whether it was done is not known. */
export interface Unanswered {
  readonly unanswered: true
  readonly code: string
  readonly detail: string
  readonly next: string
}

/**
 * Forwards the call. The caller's `_meta` and headers stay here: only what was decided (INV-12) and a span of our own go out, by
 * which a call that this one sets off is known when it comes back.
 */
export function execute<A>(
  call: Call,
  operation: Pick<Operation<A, unknown>, 'send'>,
  ports: Pick<Ports, 'locks' | 'clock'>,
): Promise<{ readonly answer: A } | Unanswered | Denial> {
  const { span } = call
  if (span === undefined) throw new TypeError('sent before it was recorded')
  const traced = { traceparent: traceparentOf(span), tracestate: tracestateOf(span) }
  return carryOut(call, { ...traced, timeoutMs: CALL_MS }, operation, ports)
}

/** Forwards a call, wherever it was decided: locks and the age of our view once more, in the turn in which it is sent. */
export async function carryOut<A>(
  call: Permit,
  sending: Omit<Sending, 'signal' | 'mayPass'>,
  operation: Pick<Operation<A, unknown>, 'send'>,
  ports: Pick<Ports, 'locks' | 'clock'>,
): Promise<{ readonly answer: A } | Unanswered | Denial> {
  const { request } = call
  const denied = admit(call.actor, call.system.name, call.action.name, ports) ?? cancelled(call)
  if (isDenial(denied)) return denied
  const onLeft = (): void =>
    request.control.end(new CallEnd('call.cancelled', 'the caller closed the connection'))
  if (request.leavingCancels) request.control.leftSignal.addEventListener('abort', onLeft)
  try {
    const { signal } = request.control
    const mayPass = (): boolean => !endIfBarred(call, ports)
    return { answer: await operation.send(call, { ...sending, signal, mayPass }) }
  } catch (reason) {
    if (reason instanceof NotSent) return reason.denial
    return unanswered(request.control.ended ?? reason)
  } finally {
    request.control.leftSignal.removeEventListener('abort', onLeft)
  }
}

/** Ends a call under way whose answer may not go on any more. True where it has ended, by this or before. */
function endIfBarred(
  { action, actor, request: { control }, system }: Permit,
  ports: Pick<Ports, 'locks'>,
): boolean {
  if (control.ended !== undefined) return true
  const denied = barred(actor, system.name, action.name, ports)
  if (denied !== undefined) control.end(new CallEnd('call.cut', denied.detail))
  return denied !== undefined
}

function cancelled(call: Permit): Denial | undefined {
  const { control, leavingCancels } = call.request
  const end =
    control.ended ??
    (leavingCancels && control.leftSignal.aborted
      ? new CallEnd('call.cancelled', 'the caller closed the connection')
      : undefined)
  if (end === undefined) return undefined
  return { denied: true, code: end.code, detail: end.detail, next: GATEWAY_FAULTS[end.code].next }
}

function unanswered(reason: unknown): Unanswered {
  if (reason instanceof CallEnd) {
    const { next } = GATEWAY_FAULTS[reason.code]
    return { unanswered: true, code: reason.code, detail: reason.detail, next }
  }
  const { code, detail, next } = publicFault(
    reason instanceof Fault ? reason : new Error('unforeseen', { cause: reason }),
  )
  return { unanswered: true, code, detail, next }
}
