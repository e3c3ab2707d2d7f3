// Holds the call: one attempt by one instance to perform one action, as it travels down the spine.

import type { JsonObject } from '../std/json.ts'
import type { Actor } from '../wire/actor.ts'
import type { Decision } from '../wire/decision.ts'
import type { KeptKind } from '../wire/obligation.ts'
import type { Presented } from '../wire/presented.ts'
import type { Said } from '../wire/said.ts'
import type { ActionDefinition, SystemDefinition } from '../wire/system.ts'
import type { Span, TraceContext } from '../wire/trace.ts'
import type { Grant } from './grant.ts'
import type { AmendedView, ApprovalView } from './ports.ts'
import type { Reserved } from './steps/05-reserve.ts'
import type { Timings } from './timings.ts'
import type { Trigger } from '../wire/trigger.ts'

/** What a surface hands to `govern`. */
export interface CallRequest {
  /** What the HTTP request showed, its proof checked once; what it is worth is asked again at every step that needs to know. */
  readonly presented: Presented
  readonly system: string
  readonly action: string
  /** The tree that is decided, digested, shown and sent (INV-12). */
  readonly input: JsonObject
  /** Present where whoever asked executes it by itself: it is considered, and a system without a way to it is none the worse. */
  readonly elsewhere?: true
  /** The listener by which the request came in, and the address of the peer, as the socket says it. Absent: no network was crossed. */
  readonly network?: { readonly listener: string; readonly address: string }
  /** The trace that the request came in; absent: none that can be read. No authority: it only ever adds effects. */
  readonly trace?: TraceContext
  /** Protocol of the request with its revision, e.g. `mcp 2026-07-28`; absent: it came by none. */
  readonly protocol?: string
  /** Digest of the id of the session that it belongs to; absent: it belongs to none. */
  readonly session?: string
  /** What its client says of it: for the record alone. */
  readonly said?: Said
  /** Name of the gateway by which it came, where that is not this process. */
  readonly through?: string
  /** How the caller, a lock or a limit ends it. */
  readonly control: CallControl
  /** How long this request may wait at a gate: a call of the same arguments joins the wait again afterwards. */
  readonly patienceMs: (approval: ApprovalView) => number
  /** Told once when the call is held. */
  readonly onHeld?: (approval: ApprovalView) => void
  /** Why no person can agree to exactly this call; absent: the input says all of it (INV-6). */
  readonly unbound?: string
  /** True where a closed connection cancels what is already running (MCP 2026-07-28, Streamable HTTP). */
  readonly leavingCancels: boolean
  /** Told of every progress notification of the upstream (its params, without the token). */
  readonly onProgress?: (params: JsonObject) => void
}

/** What checks allowed of a held call. */
export interface Checked {
  /** `@id`s of the policies that they set aside for this call. */
  readonly setAside: readonly string[]
  /** Leaf hashes of the records of their answers. */
  readonly records: readonly string[]
}

/** A call with what the steps have found out. Owned by `govern`; a step writes only its own field. */
export interface Call {
  readonly id: string
  readonly request: CallRequest
  /** When it began, and when each part of it was over. */
  readonly timings: Timings
  /** What set it off, as far as anything is known of that. */
  readonly triggers: readonly Trigger[]
  /** authenticate */
  actor: Actor
  /** resolve */
  system: SystemDefinition
  action: ActionDefinition
  /** decide */
  decision: Decision
  /** execute: what was decided once more, where it took long until the system was ready and something had changed; its obligations count too. */
  again?: Decision
  /** decide: authority for this one call. */
  readonly grant: Grant
  /** reserve: what it uses up, taken already. */
  readonly reserved: Reserved
  /** gate: the approval that was used up for this call. */
  approval?: ApprovalView
  /** gate: what checks allowed. */
  checked?: Checked
  /** gate: what was used up of what persons agreed to for its task. */
  amended?: AmendedView
  /** record: its place in the trace that it came in, or in one of its own. */
  span?: Span
  /** record: leaf hash of the durable intent. */
  intent?: string
  /** record and conclude: what policy asked to be kept of it, and whether there was room. */
  kept?: Readonly<Partial<Record<KeptKind, boolean>>>
}

/** Why a running call was ended from our side: the reason of the signal of every CallControl. */
export class CallEnd {
  readonly code:
    | 'call.cancelled'
    | 'call.cut'
    | 'authenticate.unknown_certificate'
    | 'authenticate.delegation_over'
    | 'authenticate.task_over'
  readonly detail: string
  constructor(code: CallEnd['code'], detail: string) {
    this.code = code
    this.detail = detail
  }
}

/**
 * The ways in which a call ends early. `end` stops it, whoever asks; `left` says only that the caller's connection closed,
 * which is no cancellation while the call waits at a gate.
 */
export class CallControl {
  readonly #end = new AbortController()
  readonly #left = new AbortController()

  /** Aborted with a CallEnd. */
  get signal(): AbortSignal {
    return this.#end.signal
  }

  /** Aborted when the caller's connection closed. */
  get leftSignal(): AbortSignal {
    return this.#left.signal
  }

  get ended(): CallEnd | undefined {
    return this.#end.signal.aborted ? (this.#end.signal.reason as CallEnd) : undefined
  }

  end(reason: CallEnd): void {
    this.#end.abort(reason)
  }

  left(): void {
    this.#left.abort()
  }
}
