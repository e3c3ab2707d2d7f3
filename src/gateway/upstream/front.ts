// Holds the front of a conversation: who is at its other end, as far as a system's own questions and news are concerned.

import type { JsonObject } from '../../std/json.ts'
import type { RpcError } from '../../wire/mcp.ts'
import type { McpEra } from '../../wire/system.ts'

/** What a client said to something that a system asked. */
export type AskAnswer =
  | { readonly kind: 'result'; readonly result: JsonObject }
  | { readonly kind: 'error'; readonly error: RpcError }

/** Requests of a system, by a key of their own. */
export type AskRequests = Readonly<
  Record<string, { readonly method: string; readonly params: JsonObject }>
>

/** One client session (2025-11-25), or one request (2026-07-28). Made by the surface; outlives no conversation that it is given to. */
export interface Front {
  /** One session is one conversation: it joins what a conversation is found by. Empty: no session, and nobody to ask or to tell. */
  readonly key: string
  readonly era: McpEra
  /** What the client can be asked, already cut to what is passed on; exactly this is said upstream. */
  readonly capabilities: JsonObject
  /** The least severe log message that it wants to be told of; absent: none. */
  readonly logLevel?: string | undefined
  /**
   * Asks the client. Resolves with the answers as far as it gave any; rejects with a Fault where it cannot be asked, or with the reason
   * of the signal.
   */
  ask(
    requests: AskRequests,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, AskAnswer | undefined>>>
  /** Something that belongs to the session, inspected already. Never throws; may be dropped. */
  notify(method: string, params: JsonObject): void
}
