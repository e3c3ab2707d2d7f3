// Holds one exchange with an upstream: how a request is made, and what may come of it.

import type { Fault } from '../../std/fault.ts'
import type { JsonObject } from '../../std/json.ts'
import type { RpcError } from '../../wire/mcp.ts'
import type { Equipment } from '../equipment.ts'
import type { Front } from './front.ts'

/** What an upstream said: its result, or its own JSON-RPC error, which is an answer as well. */
export type UpstreamAnswer =
  | { readonly kind: 'result'; readonly result: JsonObject }
  | { readonly kind: 'error'; readonly error: RpcError }

/** How a request is made. */
export interface RequestOptions {
  /** Its reason, a CallEnd or a Fault, ends the request; the upstream is told. */
  readonly signal?: AbortSignal
  readonly timeoutMs: number
  readonly onProgress?: ((params: JsonObject) => void) | undefined
  /** Trace context of ours that goes out in `_meta` (W3C Trace Context). */
  readonly traceparent?: string
  readonly tracestate?: string
  /** Headers that repeat arguments of the call (`mcp-param-…`, 2026-07-28). */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Credentials of this call; absent: those that the conversation was opened with. */
  readonly equipment?: Equipment
  /** Who answers what is asked in the course of this request; absent: nobody. */
  readonly front?: Front | undefined
  /** Told of what the upstream says in the course of this request besides its progress. */
  readonly onNotification?: ((method: string, params: JsonObject) => void) | undefined
  /** The least level of log messages that the client wants (2026-07-28). */
  readonly logLevel?: string | undefined
}

/** A request that waits. */
export interface Pending {
  readonly method: string
  readonly options: RequestOptions
  settle(answer: UpstreamAnswer | Failure): void
}

/** Why a request gets no answer; `expired` where the system did not take it. */
export interface Failure {
  readonly kind: 'fault'
  readonly fault: Fault
  readonly expired: boolean
}
