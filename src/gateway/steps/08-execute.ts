// Holds the eighth step: locks once more, then the decided tree goes out, and what comes back comes in.

import { Fault, publicFault } from '../../std/fault.ts'
import { traceparentOf, tracestateOf } from '../../wire/trace.ts'
import { CallEnd, type Call } from '../call.ts'
import { isDenial, type Denial } from '../denial.ts'
import { GATEWAY_FAULTS } from '../faults.ts'
import type { Operation } from '../operation.ts'
import type { Ports } from '../ports.ts'
import { admit } from './02-admit.ts'

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
export async function execute<A>(
  call: Call,
  operation: Pick<Operation<A, unknown>, 'send'>,
  ports: Pick<Ports, 'locks' | 'clock'>,
): Promise<{ readonly answer: A } | Unanswered | Denial> {
  const { request, span } = call
  if (span === undefined) throw new TypeError('sent before it was recorded')
  const denied = admit(call.actor, call.system.name, call.action.name, ports) ?? cancelled(call)
  if (isDenial(denied)) return denied
  const onLeft = (): void =>
    request.control.end(new CallEnd('call.cancelled', 'the caller closed the connection'))
  if (request.leavingCancels) request.control.leftSignal.addEventListener('abort', onLeft)
  try {
    return {
      answer: await operation.send(call, {
        signal: request.control.signal,
        timeoutMs: CALL_MS,
        traceparent: traceparentOf(span),
        tracestate: tracestateOf(span),
      }),
    }
  } catch (reason) {
    return unanswered(request.control.ended ?? reason)
  } finally {
    request.control.leftSignal.removeEventListener('abort', onLeft)
  }
}

function cancelled(call: Call): Denial | undefined {
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
