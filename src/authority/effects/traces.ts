// Holds the spans of calls that went out a short while ago, so that a call which comes back in one is known for what set it off.

import { EntropyPool } from '../../std/entropy-pool.ts'
import type { Entropy } from '../../std/entropy.ts'
import type { Span, TraceContext } from '../../wire/trace.ts'

/** How long after a call something that arrives in its trace still counts as set off by it (ms). */
const TRACE_WINDOW_MS = 600_000

/** Traces that are remembered; the oldest go first. Losing one loses a chance to learn, and nothing that was learned. */
const MAX_TRACES = 16_384

/** A call that went out. */
export interface Origin {
  /** Its id. */
  readonly call: string
  /** `<system>/<action>`. */
  readonly from: string
}

/**
 * The spans of calls that went out: each known by what only its upstream was told. That is the trace id where the trace is our own. Where
 * it is the agent's, the agent knows that id, and what counts is the span: as the parent of what arrives, or in our `tracestate`.
 */
export class Traces {
  readonly #entropy: Entropy
  readonly #open = new Map<string, Origin & { readonly at: number }>()

  constructor(entropy: Entropy) {
    // Every call begins one: drawn ahead, it costs a fiftieth.
    this.#entropy = new EntropyPool(entropy)
  }

  get size(): number {
    return this.#open.size
  }

  /** Begins the span of one call, in the trace that the call came in, or in one of its own. */
  begin(origin: Origin, now: number, within?: TraceContext): Span {
    const bytes = this.#entropy.bytes(24)
    const hex = Buffer.from(bytes.buffer, bytes.byteOffset, 24).toString('hex')
    if (this.#open.size >= MAX_TRACES) {
      const oldest = this.#open.keys().next()
      if (oldest.done === false) this.#open.delete(oldest.value)
    }
    const span = hex.slice(32)
    const trace = within?.trace ?? hex.slice(0, 32)
    this.#open.set(within === undefined ? trace : span, { ...origin, at: now })
    return { trace, span, sampled: within?.sampled ?? false }
  }

  /** Which call something that arrives was set off by, within the window. */
  origin({ trace, span, own }: TraceContext, now: number): Origin | undefined {
    const found =
      this.#open.get(trace) ??
      this.#open.get(span) ??
      (own === undefined ? undefined : this.#open.get(own))
    if (found === undefined) return undefined
    const age = now - found.at
    return age >= 0 && age <= TRACE_WINDOW_MS ? found : undefined
  }
}
