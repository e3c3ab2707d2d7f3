// Holds what a method answers: a result, or an error in the words of the protocol with our code and the next step.

import type { Json, JsonObject } from '../../std/json.ts'
import { RPC, type RpcError } from '../../wire/mcp.ts'
import type { CredentialRefusal } from '../credential/refusal.ts'
import type { Denial } from '../denial.ts'
import { GATEWAY_FAULTS, type GatewayCode } from '../faults.ts'

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
  'mcp.sessions': RPC.unavailable,
  'mcp.streams': RPC.unavailable,
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

/** What is wrong with a request itself. */
export function refusal(rpc: number, code: GatewayCode, detail: string, status = 200): CallAnswer {
  const { next } = GATEWAY_FAULTS[code]
  return {
    error: { code: rpc, message: `bailiwick: ${code}: ${detail}`, data: { code, detail, next } },
    status,
  }
}

/** Params that are not what the method takes. */
export function badParams(
  detail: string,
  next = 'send params.name and params.arguments',
): CallAnswer {
  return {
    error: {
      code: RPC.invalidParams,
      message: `bailiwick: mcp.message: ${detail}`,
      data: { code: 'mcp.message', detail, next },
    },
  }
}
