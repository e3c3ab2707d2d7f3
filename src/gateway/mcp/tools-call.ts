// Holds `tools/call`: one governed call, told to a client of either era in its own words.

import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import { emptyObject, META, metaOf, MODERN_ERA, RPC, type RpcError } from '../../wire/mcp.ts'
import type { Presented } from '../../wire/presented.ts'
import type { McpEra, SystemDefinition } from '../../wire/system.ts'
import { traceIdOf } from '../../wire/trace.ts'
import { CallEnd, type CallControl, type CallRequest } from '../call.ts'
import { refuseCredential, type CredentialRefusal } from '../credential/refusal.ts'
import type { Denial } from '../denial.ts'
import type { Conclusion, Governor } from '../govern.ts'
import type { ApprovalView } from '../ports.ts'
import type { Operation } from '../operation.ts'
import type { Held } from '../steps/05-gate.ts'
import type { UpstreamAnswer } from '../upstream/conversation.ts'
import { legacyResult, modernResult } from './describe.ts'
import type { McpReply } from './reply.ts'

/** The key of our one input request. */
const ASK = 'approval'

/** One `tools/call` as it arrived. */
export interface ToolsCall {
  readonly presented: Presented
  readonly network: NonNullable<CallRequest['network']>
  readonly system: SystemDefinition
  readonly era: McpEra
  readonly params: JsonObject
  /** The header of that name: what counts where `_meta` says nothing. */
  readonly traceparent: string | string[] | undefined
  readonly control: CallControl
  readonly reply: McpReply
  /** How long one request waits at a gate (ms). */
  readonly holdMs: number
  /** True when a 2025 client said in `initialize` that it can open addresses. */
  readonly opensUrls: boolean
}

/** What to answer: a result of the era, or an error. */
export type CallAnswer =
  | { readonly result: JsonObject }
  | {
      readonly error: RpcError
      readonly status?: number
      /** When the same call may go through, ms from now. */
      readonly retryAfterMs?: number
      /** Set where a token with another scope would do (MCP authorization, RFC 6750 §3.1). */
      readonly insufficient?: CredentialRefusal
    }

/** Runs one call through the spine and words its conclusion. */
export async function toolsCall(
  request: ToolsCall,
  governor: Governor,
  operation: Operation<UpstreamAnswer>,
): Promise<CallAnswer> {
  const { name, arguments: given } = request.params
  if (typeof name !== 'string') return invalid('params.name is no text')
  if (given !== undefined && !isObject(given)) return invalid('params.arguments is no object')
  const asks = request.era === MODERN_ERA ? modernOpensUrls(request.params) : false
  declined(request)
  const meta = metaOf(request.params)
  const token = meta['progressToken']
  const trace = traceIdOf(meta['traceparent'] ?? request.traceparent)
  const told =
    typeof token === 'string' || typeof token === 'number'
      ? (params: JsonObject) =>
          request.reply.notify('notifications/progress', { ...params, progressToken: token })
      : undefined
  const conclusion = await governor.govern(
    {
      presented: request.presented,
      network: request.network,
      system: request.system.name,
      action: name,
      input: given ?? emptyObject(),
      ...(trace !== undefined && { trace }),
      control: request.control,
      leavingCancels: request.era === MODERN_ERA,
      // A client that opens addresses is told at once, and comes back to wait.
      patienceMs: (approval) => (asks && approval.fresh ? 0 : request.holdMs),
      onHeld: (approval) => told?.({ progress: 0, message: heldText(approval) }),
      ...(told !== undefined && { onProgress: told }),
    },
    operation,
  )
  return word(conclusion, request, asks)
}

/** The person at the agent's side declined to wait: the call is cancelled before it is asked again. */
function declined(request: ToolsCall): void {
  const responses = request.params['inputResponses']
  const answer = isObject(responses) ? responses[ASK] : undefined
  if (isObject(answer) && answer['action'] === 'decline') {
    request.control.end(new CallEnd('call.cancelled', 'the user at the agent declined to wait'))
  }
}

function modernOpensUrls(params: JsonObject): boolean {
  const capabilities = metaOf(params)[META.clientCapabilities]
  const elicitation = isObject(capabilities) ? capabilities['elicitation'] : undefined
  return isObject(elicitation) && isObject(elicitation['url'])
}

function word(
  conclusion: Conclusion<UpstreamAnswer>,
  request: ToolsCall,
  asks: boolean,
): CallAnswer {
  switch (conclusion.kind) {
    case 'done':
      return doneAnswer(conclusion.value, request)
    case 'denied':
      return deniedAnswer(conclusion.denial, conclusion.call, request)
    case 'held':
      return heldAnswer(conclusion.held, conclusion.call, request, asks)
  }
}

function doneAnswer(answer: UpstreamAnswer, { era, system }: ToolsCall): CallAnswer {
  if (answer.kind === 'error') return { error: answer.error }
  const { result } = answer
  return { result: era === MODERN_ERA ? modernResult(system, result) : legacyResult(result) }
}

function deniedAnswer(denial: Denial, call: string, request: ToolsCall): CallAnswer {
  const error = denialError(denial, call)
  const { retryAfterMs } = denial
  if (denial.code !== 'authenticate.insufficient_scope') {
    return { error, ...(retryAfterMs !== undefined && { retryAfterMs }) }
  }
  const { name } = request.params
  const scope = `${request.system.name}/${typeof name === 'string' ? name : '*'}`
  const more = { error: 'insufficient_scope', scope } as const
  const insufficient = refuseCredential(denial.code, denial.detail, more)
  return { error, insufficient }
}

/** Held, and out of patience: the address where a person sees it, in the way that this client can be told. */
function heldAnswer(held: Held, call: string, request: ToolsCall, asks: boolean): CallAnswer {
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
  if (request.opensUrls) {
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

function heldText(approval: ApprovalView): string {
  return `this call waits for a person to approve it: ${approval.url}`
}

const RPC_OF: Readonly<Record<string, number>> = {
  'resolve.unknown_system': RPC.invalidParams,
  'resolve.unknown_action': RPC.invalidParams,
  'resolve.bad_arguments': RPC.invalidParams,
  'audit.unavailable': RPC.unavailable,
  'admit.too_many': RPC.unavailable,
  'reserve.rate_limited': RPC.unavailable,
  'reserve.concurrency': RPC.unavailable,
  'reserve.bad_measure': RPC.invalidParams,
  'admit.stale_view': RPC.unavailable,
  'call.internal': RPC.internal,
  internal: RPC.internal,
}

/** A denial as a JSON-RPC error: words for the model, and the stable code for programs. */
export function denialError(denial: Denial, call: string): RpcError {
  const { code, detail, next, retryAfterMs } = denial
  const number = RPC_OF[code] ?? (code.startsWith('upstream.') ? RPC.upstream : RPC.denied)
  const data: Json = {
    code,
    detail,
    next,
    call,
    ...(retryAfterMs !== undefined && { retry_after_ms: retryAfterMs }),
  }
  return { code: number, message: `bailiwick: ${code}: ${detail}; next: ${next}`, data }
}

function invalid(detail: string): CallAnswer {
  return {
    error: {
      code: RPC.invalidParams,
      message: `bailiwick: mcp.message: ${detail}`,
      data: { code: 'mcp.message', detail, next: 'send params.name and params.arguments' },
    },
  }
}
