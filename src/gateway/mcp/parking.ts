// Holds the calls that wait for a 2026-07-28 client to come back with what a system asked: each for one caller, one request and a while.

import { digest } from '../../std/bytes.ts'
import { base64url } from '../../std/bytes.ts'
import type { Entropy } from '../../std/entropy.ts'
import { canonicalJson, type JsonObject } from '../../std/json.ts'
import { CallEnd } from '../call.ts'
import { gatewayFault } from '../faults.ts'
import { ANSWER_MS } from './asks.ts'
import type { OpenCall } from './open-call.ts'

/** Calls that wait at once: of one caller, and of all. */
const PER_OWNER = 32
const IN_ALL = 4_096

/** Before every state of ours, so that no other opaque text is taken for one. */
const MARK = 'ask.'

interface Parked {
  readonly call: OpenCall
  readonly owner: string
  readonly request: string
  readonly forget: NodeJS.Timeout
}

/** What makes a request the same request when it comes back: its method and its params, without what only the way back needs. */
export function sameRequest(door: string, method: string, params: JsonObject): string {
  const { _meta, inputResponses: _responses, requestState: _state, ...asked } = params
  return digest(canonicalJson([door, method, asked]))
}

/** True for a text that could be a state of a parked call. */
export function isParkedState(state: unknown): state is string {
  return typeof state === 'string' && state.startsWith(MARK)
}

/** Every call that waits for its client. */
export class Parking {
  readonly #entropy: Entropy
  readonly #parked = new Map<string, Parked>()

  constructor(entropy: Entropy) {
    this.#entropy = entropy
  }

  /** Keeps a call until its client comes back, or ends it. Rejects with a Fault where too many wait. */
  park(call: OpenCall, owner: string, request: string): string {
    const own = [...this.#parked.values()].filter((parked) => parked.owner === owner)
    if (own.length >= PER_OWNER || this.#parked.size >= IN_ALL) {
      call.terms.control.end(new CallEnd('call.cancelled', 'too many calls wait for an answer'))
      throw gatewayFault('mcp.cannot_ask', 'too many calls of this client wait for an answer')
    }
    const state = MARK + base64url(this.#entropy.bytes(24))
    const forget = setTimeout(() => {
      this.#parked.delete(state)
      const why = `the client did not come back within ${ANSWER_MS} ms`
      call.terms.control.end(new CallEnd('call.cancelled', why))
    }, ANSWER_MS)
    forget.unref()
    this.#parked.set(state, { call, owner, request, forget })
    return state
  }

  /** Takes the call of a state out, where this caller makes the very same request again; each state is good for once. */
  take(state: string, owner: string, request: string): OpenCall | undefined {
    const parked = this.#parked.get(state)
    if (parked === undefined || parked.owner !== owner || parked.request !== request) {
      return undefined
    }
    this.#parked.delete(state)
    clearTimeout(parked.forget)
    return parked.call
  }

  /** Ends the calls that wait; nobody can come back to them. */
  close(): void {
    for (const { call, forget } of this.#parked.values()) {
      clearTimeout(forget)
      call.terms.control.end(new CallEnd('call.cancelled', 'the gateway is stopping'))
    }
    this.#parked.clear()
  }
}
