// Holds the eighth step: locks once more, then the decided tree goes out, and what comes back comes in.

import { Fault, publicFault } from '../../std/fault.ts'
import { isObject } from '../../std/json.ts'
import { traceIdOf } from '../../wire/trace.ts'
import { CallEnd, type Call } from '../call.ts'
import { isDenial, type Denial } from '../denial.ts'
import { GATEWAY_FAULTS } from '../faults.ts'
import type { Ports } from '../ports.ts'
import type { UpstreamAnswer, UpstreamSession } from '../upstream/session.ts'
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
 * Forwards the call. The caller's `_meta` and headers stay here: only the name, the decided arguments (INV-12) and a trace of our
 * own go out, by which a call that this one sets off is known when it comes back.
 */
export async function execute(
  call: Call,
  session: UpstreamSession,
  ports: Pick<Ports, 'locks' | 'clock' | 'effects'>,
): Promise<UpstreamAnswer | Unanswered | Denial> {
  const { request } = call
  const denied = admit(call.actor, call.system.name, call.action.name, ports) ?? cancelled(call)
  if (isDenial(denied)) return denied
  const onLeft = (): void =>
    request.control.end(new CallEnd('call.cancelled', 'the caller closed the connection'))
  if (request.leavingCancels) request.control.leftSignal.addEventListener('abort', onLeft)
  try {
    const answer = await session.request(
      'tools/call',
      { name: call.action.name, arguments: request.input },
      {
        signal: request.control.signal,
        timeoutMs: CALL_MS,
        onProgress: request.onProgress,
        traceparent: ports.effects.sent(call.system.name, call.action.name),
      },
    )
    return untraced(answer, call, ports)
  } catch (reason) {
    return unanswered(request.control.ended ?? reason)
  } finally {
    request.control.leftSignal.removeEventListener('abort', onLeft)
  }
}

/**
 * An answer without the trace that it names: that is ours, and an agent that knew it could make this action look as if it set off
 * others.
 */
function untraced(
  answer: UpstreamAnswer,
  call: Call,
  ports: Pick<Ports, 'effects'>,
): UpstreamAnswer {
  const meta = answer.kind === 'result' ? answer.result['_meta'] : undefined
  if (answer.kind !== 'result' || !isObject(meta)) return answer
  const { traceparent, tracestate, ...rest } = meta
  if (traceparent === undefined && tracestate === undefined) return answer
  const trace = traceIdOf(traceparent)
  if (trace !== undefined) ports.effects.arrived(trace, call.system.name, call.action.name)
  const { _meta, ...result } = answer.result
  return {
    kind: 'result',
    result: Object.keys(rest).length === 0 ? result : { ...result, _meta: rest },
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
