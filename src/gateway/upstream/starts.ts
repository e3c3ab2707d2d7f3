// Holds the starts of upstreams: one that ends again and again is started less and less often, for its own caller alone.

import type { Clock } from '../../std/clock.ts'
import type { Entropy } from '../../std/entropy.ts'
import { gatewayFault } from '../faults.ts'

/** An upstream that ends sooner than this after its start has failed (ms). */
const SETTLED_MS = 10_000
/** The first wait after a failure, and the longest (ms). */
const FIRST_MS = 250
const LONGEST_MS = 60_000
/** Upstreams that failures are remembered of. */
const REMEMBERED = 10_000
/** Failures before anything is waited for: a program may be killed once. */
const FREE = 2
/** A wait that a call sits out (ms); a longer one is told. */
const PATIENCE_MS = 1_000

interface Failures {
  count: number
  /** Monotonic ms from which it may be started again. */
  until: number
}

/** A start that has begun. */
export interface Started {
  /** It did not come up. */
  failed(): void
  /** It came up, and has ended now. */
  closed(): void
}

/** When each may be started again. */
export class Starts {
  readonly #ports: { readonly clock: Clock; readonly entropy: Entropy }
  readonly #failures = new Map<string, Failures>()

  constructor(ports: { readonly clock: Clock; readonly entropy: Entropy }) {
    this.#ports = ports
  }

  /** How long to wait before it is started (ms). Throws `upstream.unavailable` where that is too long for a call. */
  wait(key: string): number {
    const failures = this.#failures.get(key)
    if (failures === undefined) return 0
    const left = failures.until - this.#ports.clock.monotonic()
    if (left <= PATIENCE_MS) return Math.max(0, left)
    const seconds = Math.ceil(left / 1_000)
    const times = `it ended ${failures.count} times in a row`
    throw gatewayFault('upstream.unavailable', `${times}, and is started again in ${seconds} s`)
  }

  began(key: string): Started {
    const at = this.#ports.clock.monotonic()
    let over = false
    const once = (bad: boolean): void => {
      if (over) return
      over = true
      if (bad) this.#failed(key)
      else this.#failures.delete(key)
    }
    return {
      failed: () => once(true),
      closed: () => once(this.#ports.clock.monotonic() - at < SETTLED_MS),
    }
  }

  /** Twice as long after every failure, with a jitter of a half, so that many do not come back at one moment. */
  #failed(key: string): void {
    const count = (this.#failures.get(key)?.count ?? 0) + 1
    const base = count <= FREE ? 0 : Math.min(FIRST_MS * 2 ** (count - FREE - 1), LONGEST_MS)
    const [byte = 0] = this.#ports.entropy.bytes(1)
    const wait = base * (0.5 + byte / 510)
    if (this.#failures.size >= REMEMBERED) this.#failures.clear()
    this.#failures.set(key, { count, until: this.#ports.clock.monotonic() + wait })
  }
}
