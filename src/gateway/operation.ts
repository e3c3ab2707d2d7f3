// Holds what a surface does with a call that may go out: the only part of the spine that differs between kinds of systems.

import type { JsonObject } from '../std/json.ts'
import type { Call } from './call.ts'
import type { Denial } from './denial.ts'
import type { Equipment } from './equipment.ts'
import type { OutcomeStatus } from './outcome.ts'

/** What came back, looked at: what the agent gets, and what the outcome record says of it. */
export interface Answered<T> {
  readonly value: T
  readonly status: Extract<OutcomeStatus, 'ok' | 'tool_error' | 'upstream_error'>
  readonly facts: JsonObject
  /** What the agent is given, where it is one tree; of another answer the digest, where there is one. The record has commitments of them. */
  readonly result?: JsonObject
  readonly digest?: string
  /** Data labels of what the agent is given: the lineage takes them up. Absent: none besides those of the action. */
  readonly labels?: readonly string[]
}

/** A call as far as whoever carries it out sees it: decided, recorded, and nothing in it to change. */
export type Permit = Pick<
  Call,
  'id' | 'request' | 'actor' | 'system' | 'action' | 'decision' | 'intent'
>

/** What `send` rejects with where nothing went out: the call is denied then, and was not done. */
export class NotSent {
  readonly denial: Denial
  constructor(denial: Denial) {
    this.denial = denial
  }
}

/** How a request leaves. */
export interface Sending {
  /** Aborted with a CallEnd: whatever is under way ends at once, streams included. */
  readonly signal: AbortSignal
  /**
   * Asked before each piece of an answer goes on to the caller: false where it may not any more, and `signal` is aborted by then. A process
   * that was paused finds pieces waiting before any timer tells it how long it was away (INV-5).
   */
  readonly mayPass: () => boolean
  /** Trace context of our own (W3C), for the upstream and never for the agent. */
  readonly traceparent: string
  /** Beside it: our own member alone. */
  readonly tracestate: string
  readonly timeoutMs: number
}

/**
 * One call of one surface, made for it alone. The spine runs `ready` after the intent is durable, asks locks once more, runs `send`,
 * and concludes with what `inspect` says. `T` is what the surface makes its answer from.
 */
export interface Operation<A, T = A> {
  /**
   * Makes ready the way to the system (a conversation, a process, a connection); nothing of the call goes out. Rejects with an
   * `upstream.*` Fault; answers a Denial where what is there is not what was pinned.
   */
  ready(call: Permit, equipment: Equipment): Promise<Denial | undefined>
  /**
   * Sends the decided tree (INV-12) and resolves when all of the answer is there; of a stream, when it has been passed on to its end
   * through the inspection. Rejects with the reason of the signal, or with a Fault: whether the call was done is then not known; with `NotSent`
   * where it was not.
   */
  send(call: Permit, sending: Sending): Promise<A>
  /** Looks at what came back before the agent sees it (INV-3); a Denial where it may not be seen. */
  inspect(answer: A, call: Permit, equipment: Equipment): Answered<T> | Denial
  /** What the agent was given already, of a call that ends without an answer: progress, a stream that was cut. Absent: nothing. */
  passed?(): Pick<Answered<T>, 'facts' | 'labels'>
}
