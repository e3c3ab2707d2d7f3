// Holds how often a process and an account may ask, and how many connections they may have, in bounded memory.

import type { Clock } from '../../std/clock.ts'

/** How much may be asked at once, and how much comes back per second. */
interface Rate {
  readonly burst: number
  readonly perSecond: number
}

const PROCESS: Rate = { burst: 200, perSecond: 10 }
const ACCOUNT: Rate = { burst: 2_000, perSecond: 100 }
/** Callers that are counted at once. Beyond it the one that asked longest ago is forgotten, and begins anew. */
const MAX_CALLERS = 20_000

/** Connections in all, of one account, of one process. */
const CONNECTIONS = { all: 1_024, account: 256, process: 16 } as const

/** Who asks. */
export interface CallerKey {
  /** What names the process. */
  readonly process: string
  readonly uid: number
}

/** Token buckets and counts of connections. Time is monotonic, so that a clock that jumps opens nothing. */
export class CallerLimits {
  readonly #clock: Clock
  readonly #buckets = new Map<string, { left: number; at: number }>()
  readonly #connections = new Map<string, number>()
  #open = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes what a request costs; false where the process or its account has asked for too much. */
  take({ process, uid }: CallerKey, cost: number): boolean {
    // Both are charged: a process that is refused is still its account's doing.
    const own = this.#draw(`p${process}`, PROCESS, cost)
    const all = this.#draw(`u${uid}`, ACCOUNT, cost)
    return own && all
  }

  /** Counts a connection of the caller; undefined where there are too many. The answer, called once, counts it out again. */
  connect({ process, uid }: CallerKey): (() => void) | undefined {
    const keys = [`p${process}`, `u${uid}`] as const
    const [ofProcess, ofAccount] = keys.map((key) => this.#connections.get(key) ?? 0)
    if (
      this.#open >= CONNECTIONS.all ||
      ofProcess! >= CONNECTIONS.process ||
      ofAccount! >= CONNECTIONS.account
    ) {
      return undefined
    }
    this.#open++
    for (const key of keys) this.#connections.set(key, (this.#connections.get(key) ?? 0) + 1)
    return () => {
      this.#open--
      for (const key of keys) {
        const left = (this.#connections.get(key) ?? 1) - 1
        if (left > 0) this.#connections.set(key, left)
        else this.#connections.delete(key)
      }
    }
  }

  #draw(key: string, rate: Rate, cost: number): boolean {
    const now = this.#clock.monotonic()
    const bucket = this.#buckets.get(key) ?? { left: rate.burst, at: now }
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= MAX_CALLERS) break
      this.#buckets.delete(oldest)
    }
    bucket.left = Math.min(rate.burst, bucket.left + ((now - bucket.at) / 1_000) * rate.perSecond)
    bucket.at = now
    if (bucket.left < cost) return false
    bucket.left -= cost
    return true
  }
}
