// Holds the traces of calls that went out a short while ago, so that a call which comes back in one is known for what set it off.

import { EntropyPool } from '../../std/entropy-pool.ts'
import type { Entropy } from '../../std/entropy.ts'

/** How long after a call something that arrives in its trace still counts as set off by it (ms). */
const TRACE_WINDOW_MS = 600_000

/** Traces that are remembered; the oldest go first. Losing one loses a chance to learn, and nothing that was learned. */
const MAX_TRACES = 16_384

/** The trace ids of calls that went out. An agent never sees one: they go to upstreams only. */
export class Traces {
  readonly #entropy: Entropy
  readonly #open = new Map<string, { readonly from: string; readonly at: number }>()

  constructor(entropy: Entropy) {
    // Every call begins one: drawn ahead, it costs a fiftieth.
    this.#entropy = new EntropyPool(entropy)
  }

  get size(): number {
    return this.#open.size
  }

  /** Begins the trace of one call. Returns the `traceparent` that goes out with it (W3C Trace Context, §3.2). */
  begin(from: string, now: number): string {
    const bytes = this.#entropy.bytes(24)
    const hex = Buffer.from(bytes.buffer, bytes.byteOffset, 24).toString('hex')
    if (this.#open.size >= MAX_TRACES) {
      const oldest = this.#open.keys().next()
      if (oldest.done === false) this.#open.delete(oldest.value)
    }
    const trace = hex.slice(0, 32)
    this.#open.set(trace, { from, at: now })
    return `00-${trace}-${hex.slice(32)}-00`
  }

  /** Which action began a trace, within the window. */
  origin(trace: string, now: number): string | undefined {
    const found = this.#open.get(trace)
    if (found === undefined) return undefined
    const age = now - found.at
    return age >= 0 && age <= TRACE_WINDOW_MS ? found.from : undefined
  }
}
