// Holds what waits to be used once: links, challenges, logins under way. In memory, so that nothing of it outlives the server.

import type { Clock } from '../../std/clock.ts'

interface Waiting<T> {
  readonly value: T
  /** ms since the epoch. */
  readonly expiresAt: number
  /** Monotonic ms: a clock that is set back makes nothing last longer. */
  readonly until: number
}

/**
 * Values by an unguessable key, each taken at most once and only in time. There is room for so many; whoever fills it pushes
 * out the oldest, which can make somebody begin again and nothing else.
 */
export class Pending<T> {
  readonly #clock: Clock
  readonly #most: number
  readonly #lifeMs: number
  readonly #waiting = new Map<string, Waiting<T>>()

  constructor(clock: Clock, limits: { readonly most: number; readonly lifeMs: number }) {
    this.#clock = clock
    this.#most = limits.most
    this.#lifeMs = limits.lifeMs
  }

  /** Keeps a value. Answers when it ends, ms since the epoch. */
  put(key: string, value: T): number {
    this.#drop()
    const expiresAt = this.#clock.now() + this.#lifeMs
    const until = this.#clock.monotonic() + this.#lifeMs
    this.#waiting.delete(key)
    this.#waiting.set(key, { value, expiresAt, until })
    return expiresAt
  }

  /** The value of a key, which is used up by this. */
  take(key: string): T | undefined {
    const found = this.#waiting.get(key)
    this.#waiting.delete(key)
    return found !== undefined && this.#holds(found) ? found.value : undefined
  }

  /** Takes away every value that matches. */
  remove(matches: (value: T) => boolean): void {
    for (const [key, { value }] of this.#waiting) if (matches(value)) this.#waiting.delete(key)
  }

  /** Everything that has ended, and the oldest where there is no room. Insertion order is the order of the ends. */
  #drop(): void {
    for (const [key, waiting] of this.#waiting) {
      if (this.#holds(waiting) && this.#waiting.size < this.#most) return
      this.#waiting.delete(key)
    }
  }

  #holds({ expiresAt, until }: Waiting<T>): boolean {
    return this.#clock.now() < expiresAt && this.#clock.monotonic() < until
  }
}
