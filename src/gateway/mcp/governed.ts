// Holds a governed call of the protocol: through the spine, and told to a client of either era in its own words.

import { isObject, type JsonObject } from '../../std/json.ts'
import { META, metaOf, MODERN_ERA, RPC } from '../../wire/mcp.ts'
import type { SystemDefinition } from '../../wire/system.ts'
import { saidInMessage } from '../../wire/said.ts'
import { traceContextOf } from '../../wire/trace.ts'
import { CallEnd, type CallControl } from '../call.ts'
import { refuseCredential } from '../credential/refusal.ts'
import type { Denial } from '../denial.ts'
import { gatewayFault } from '../faults.ts'
import type { Conclusion } from '../governing.ts'
import type { ApprovalView } from '../ports.ts'
import type { Held } from '../steps/05-gate.ts'
import type { UpstreamAnswer } from '../upstream/conversation.ts'
import type { Front } from '../upstream/front.ts'
import { askable } from './asks.ts'
import { denialError, refusal, type CallAnswer } from './call-answer.ts'
import { dressed } from './dress.ts'
import { isTold } from './log-level.ts'
import { McpOperation } from './operation.ts'
import { OpenCall } from './open-call.ts'
import { outwardNotice, outwardResult } from './outward.ts'
import { isParkedState, sameRequest } from './parking.ts'
import type { McpReply } from './reply.ts'
import type { MethodParts, Turn } from './turn.ts'

/** The key of our one input request. */
const ASK = 'approval'
const LOG_LEVEL = 'io.modelcontextprotocol/logLevel'

/** The call that a request asks for. */
export interface Wanted {
  readonly system: SystemDefinition
  /** Name of the pinned action. */
  readonly action: string
  /** The tree that is decided and sent. */
  readonly input: JsonObject
  /** The task that a tool is to run as (2025-11-25). */
  readonly task?: JsonObject | undefined
  /** Told of the result before the client is. */
  readonly onResult?: (result: JsonObject) => JsonObject
}

/** Runs one call through the spine, or goes on with one that waited for this client. */
export async function governed(
  turn: Turn,
  wanted: Wanted,
  parts: MethodParts,
): Promise<CallAnswer> {
  const { params, exchange } = turn
  const state = params['requestState']
  if (turn.era !== MODERN_ERA) return legacyCall(turn, wanted, parts)
  if (!isParkedState(state)) {
    // A state of an approval is no authority, and says nothing that is needed; any other is none of ours.
    if (state !== undefined && !(typeof state === 'string' && APPROVAL.test(state)))
      return badState()
    return modernCall(turn, wanted, parts)
  }
  const call = parts.parking.take(
    state,
    turn.owner,
    sameRequest(turn.door.name, turn.method, params),
  )
  if (call === undefined) return badState()
  return linked(exchange.control, call.terms.control, () =>
    call.resume(exchange.reply, params['inputResponses']),
  )
}

const APPROVAL = /^[A-Za-z0-9-]{1,64}$/

function badState(): CallAnswer {
  return refusal(
    RPC.invalidParams,
    'mcp.state',
    'requestState is none that this caller was given for this request',
  )
}

/** While a request waits for a call of an earlier one, what ends the request ends the call. */
async function linked<T>(from: CallControl, to: CallControl, wait: () => Promise<T>): Promise<T> {
  const onEnd = (): void => {
    if (from.ended !== undefined) to.end(from.ended)
  }
  const onLeft = (): void => to.left()
  from.signal.addEventListener('abort', onEnd)
  from.leftSignal.addEventListener('abort', onLeft)
  onEnd()
  if (from.leftSignal.aborted) onLeft()
  try {
    return await wait()
  } finally {
    from.signal.removeEventListener('abort', onEnd)
    from.leftSignal.removeEventListener('abort', onLeft)
  }
}

async function legacyCall(turn: Turn, wanted: Wanted, parts: MethodParts): Promise<CallAnswer> {
  const { session, exchange, door } = turn
  const { reply } = exchange
  if (session === undefined) return run(turn, wanted, parts, undefined, () => reply)
  const done = session.answering(reply)
  try {
    const front = session.front(wanted.system.name, door.names(wanted.system), reply)
    return await run(turn, wanted, parts, front, () => reply)
  } finally {
    done()
  }
}

/** Runs one of several calls that answer one request together: nothing can be asked in its course, and `control` ends it alone. */
export function governedAmong(
  turn: Turn,
  wanted: Wanted,
  parts: MethodParts,
  control: CallControl,
): Promise<CallAnswer> {
  const alone: Turn = { ...turn, exchange: { ...turn.exchange, control } }
  if (turn.era !== MODERN_ERA) return legacyCall(alone, wanted, parts)
  return modernCall(alone, wanted, parts, () => {
    const why = 'nothing can be asked while several systems are listed'
    control.end(new CallEnd('call.cancelled', why))
    throw gatewayFault('mcp.cannot_ask', why)
  })
}

function modernCall(
  turn: Turn,
  wanted: Wanted,
  parts: MethodParts,
  park?: (call: OpenCall) => string,
): Promise<CallAnswer> {
  const { exchange, owner, params } = turn
  const meta = metaOf(params)
  const level = meta[LOG_LEVEL]
  const { name } = wanted.system
  const call = new OpenCall(
    {
      system: name,
      capabilities: askable(meta[META.clientCapabilities]),
      logLevel: typeof level === 'string' ? level : undefined,
      offered: params['inputResponses'],
      control: exchange.control,
      notify: (method, told) => parts.listeners.tell(owner, name, method, told),
      park:
        park ??
        // The digest is made only for the few calls in which something is asked.
        ((waiting) =>
          parts.parking.park(waiting, owner, sameRequest(turn.door.name, turn.method, params))),
    },
    exchange.reply,
  )
  return call.begin(run(turn, wanted, parts, call.front, () => call.reply))
}

async function run(
  turn: Turn,
  wanted: Wanted,
  parts: MethodParts,
  front: Front | undefined,
  replyNow: () => McpReply,
): Promise<CallAnswer> {
  const { door, era, exchange, params } = turn
  const { system } = wanted
  const modern = era === MODERN_ERA
  const asks = modern ? modernOpensUrls(params) : false
  if (modern) declined(turn)
  const meta = metaOf(params)
  const token = meta['progressToken']
  const { headers } = exchange
  // Both of one place: a state beside another parent says nothing.
  const trace =
    meta['traceparent'] === undefined
      ? traceContextOf(headers['traceparent'], headers['tracestate'])
      : traceContextOf(meta['traceparent'], meta['tracestate'])
  const { session } = turn
  const said = saidInMessage(params, turn.id, headers)
  const told =
    typeof token === 'string' || typeof token === 'number'
      ? (progress: JsonObject) =>
          replyNow().notify('notifications/progress', { ...progress, progressToken: token })
      : undefined
  const conclusion = await parts.governor.govern(
    {
      presented: exchange.presented,
      network: { listener: exchange.listener, address: exchange.place },
      system: system.name,
      action: wanted.action,
      input: wanted.input,
      protocol: `mcp ${session?.terms.version ?? era}`,
      ...(session !== undefined && { session: session.mark }),
      said: session?.client === undefined ? said : { client: session.client, ...said },
      ...(trace !== undefined && { trace }),
      control: exchange.control,
      leavingCancels: modern,
      // A client that opens addresses is told at once, and comes back to wait.
      patienceMs: (approval) => (asks && approval.fresh ? 0 : parts.holdMs),
      onHeld: (approval) => told?.({ progress: 0, message: heldText(approval) }),
      ...(told !== undefined && { onProgress: told }),
    },
    new McpOperation(parts.pool, parts.ports, {
      method: turn.method,
      task: wanted.task,
      given: parts.governor.given,
      front,
      ...(front !== undefined && {
        onNotification: (method: string, notice: JsonObject) => {
          // A client of 2026-07-28 that names no level is told of no message ("Logging").
          const wanted = front.logLevel !== undefined || !modern
          if (method === 'notifications/message' && !wanted) return
          if (!isTold(method, notice, front.logLevel)) return
          replyNow().notify(method, outwardNotice(method, notice, door.names(system)))
        },
      }),
    }),
  )
  return word(conclusion, turn, wanted, asks, parts)
}

/** The person at the agent's side declined to wait: the call is cancelled before it is asked again. */
function declined({ params, exchange }: Turn): void {
  const responses = params['inputResponses']
  const answer = isObject(responses) ? responses[ASK] : undefined
  if (isObject(answer) && answer['action'] === 'decline') {
    exchange.control.end(new CallEnd('call.cancelled', 'the user at the agent declined to wait'))
  }
}

function modernOpensUrls(params: JsonObject): boolean {
  const capabilities = metaOf(params)[META.clientCapabilities]
  const elicitation = isObject(capabilities) ? capabilities['elicitation'] : undefined
  return isObject(elicitation) && isObject(elicitation['url'])
}

function word(
  conclusion: Conclusion<UpstreamAnswer>,
  turn: Turn,
  wanted: Wanted,
  asks: boolean,
  parts: MethodParts,
): CallAnswer {
  switch (conclusion.kind) {
    case 'done':
      return withReceipt(doneAnswer(conclusion.value, turn, wanted), conclusion.intent, turn, parts)
    case 'denied':
      return deniedAnswer(conclusion.denial, conclusion.call, wanted)
    case 'held':
      return heldAnswer(conclusion.held, conclusion.call, turn, asks, parts)
  }
}

/** The HTTP status that 2026-07-28 wants for an error of the system's own. */
const STATUS_OF: Readonly<Record<number, number>> = { [-32_021]: 400, [RPC.methodNotFound]: 404 }
/** A resource that is not there, in older revisions and in 2026-07-28. */
const NOT_FOUND_BEFORE = -32_002

function doneAnswer(answer: UpstreamAnswer, turn: Turn, wanted: Wanted): CallAnswer {
  const { door, era, method } = turn
  if (answer.kind === 'error') {
    if (era !== MODERN_ERA) return { error: answer.error }
    const { code } = answer.error
    const number = code === NOT_FOUND_BEFORE ? RPC.invalidParams : code
    return { error: { ...answer.error, code: number }, status: STATUS_OF[code] ?? 200 }
  }
  const seen = wanted.onResult?.(answer.result) ?? answer.result
  const named = outwardResult(seen, door.names(wanted.system))
  return { result: dressed(era, method, door.info, named) }
}

/** With the receipt of the call's intent, for a client that asked for it: evidence that is not on our disk. */
function withReceipt(
  answer: CallAnswer,
  intent: string,
  { params }: Turn,
  { ports }: MethodParts,
): CallAnswer {
  if (!('result' in answer) || metaOf(params)[META.receipt] !== true) return answer
  const receipt = ports.receipts.of(intent)
  if (receipt === undefined) return answer
  const meta = answer.result['_meta']
  const _meta = { ...(isObject(meta) && meta), [META.receipt]: receipt }
  return { ...answer, result: { ...answer.result, _meta } }
}

function deniedAnswer(denial: Denial, call: string, { action, system }: Wanted): CallAnswer {
  const error = denialError(denial, call)
  const { retryAfterMs } = denial
  if (denial.code !== 'authenticate.insufficient_scope') {
    return { error, ...(retryAfterMs !== undefined && { retryAfterMs }) }
  }
  const more = { error: 'insufficient_scope', scope: `${system.name}/${action}` } as const
  const insufficient = refuseCredential(denial.code, denial.detail, more)
  return { error, insufficient }
}

/** Held, and out of patience: the address where a person sees it, in the way that this client can be told. */
function heldAnswer(
  held: Held,
  call: string,
  turn: Turn,
  asks: boolean,
  parts: MethodParts,
): CallAnswer {
  const { approval } = held
  const message = heldText(approval)
  if (asks) {
    return {
      result: {
        resultType: 'input_required',
        inputRequests: {
          [ASK]: {
            method: 'elicitation/create',
            params: { mode: 'url', message, url: approval.url },
          },
        },
        // Opaque to the client and no authority to us: it only says that this is a retry.
        requestState: approval.id,
      },
    }
  }
  const data: JsonObject = {
    code: 'approval.pending',
    detail: message,
    next: 'make the same call again with the same arguments: it joins the wait',
    call,
    approval: approval.id,
    url: approval.url,
    expires_at: new Date(approval.expiresAt).toISOString(),
  }
  if (opensUrls(turn, parts)) {
    const elicitation = { mode: 'url', elicitationId: approval.id, url: approval.url, message }
    return {
      error: {
        code: RPC.urlElicitationRequired,
        message,
        data: { ...data, elicitations: [elicitation] },
      },
    }
  }
  return { error: { code: RPC.pending, message: `${message}; ask again to go on waiting`, data } }
}

function opensUrls({ session, instance, era }: Turn, parts: MethodParts): boolean {
  if (era === MODERN_ERA) return false
  if (session === undefined) return parts.opensUrls(instance)
  const { elicitation } = session.terms.capabilities
  return isObject(elicitation) && isObject(elicitation['url'])
}

function heldText(approval: ApprovalView): string {
  return `this call waits for a person to approve it: ${approval.url}`
}
