// Holds the carrier of a conversation: how its messages reach a system, and how what the system says comes back.

import type { Fault } from '../../std/fault.ts'
import type { JsonObject } from '../../std/json.ts'
import type { RpcMessage } from '../../wire/mcp.ts'
import type { McpEra } from '../../wire/system.ts'
import type { Equipment } from '../equipment.ts'

/** How a message goes out. */
export interface Terms {
  readonly era: McpEra
  /** Of the call that it belongs to; of a conversation's own messages, that which it was opened with. */
  readonly equipment: Equipment
  /** Headers that repeat arguments (`mcp-param-…`, 2026-07-28), where the carrier has headers at all. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** True for a request that only listens, for as long as the conversation lives. */
  readonly standing?: boolean
  /** Id of a request; absent for everything that gets no answer. */
  readonly id?: number
  /** Ends the waiting for what comes back. */
  readonly signal?: AbortSignal
}

/** Who hears what comes back. */
export interface Receiver {
  /** A message; `about` is the request on whose own stream it came, where the carrier has such. */
  onMessage(message: RpcMessage, about: number | undefined): void
  /** A request will get no answer; `expired` where the system did not take it, because it has ended the session. */
  onFailed(id: number, fault: Fault, expired: boolean): void
  /** Nothing more will come at all. */
  onGone(fault: Fault): void
  onGarbage(what: string): void
  /** News that belong to no request may have been missed. */
  onMissed(): void
}

/** Owned by its conversation, which closes it. */
export interface Carrier {
  /** Sends; whatever goes wrong is told to the receiver. */
  send(message: JsonObject, terms: Terms): void
  /** Begins to hear what belongs to no request (2025-11-25, once it is initialised). */
  listen(terms: Terms): void
  /** Bytes taken and not yet gone out. */
  readonly backlog: number
  /** What a program wrote to its standard error: for the operator, never for an agent. */
  readonly said: string
  readonly pid: number | undefined
  /** Ends it at once. */
  close(): void
}
