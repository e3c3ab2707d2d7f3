// Holds a clock that stands still until a test moves it.

import type { Clock } from '../../src/std/clock.ts'

/** A clock that a test owns. Starts at 2026-01-01T00:00:00Z unless told otherwise. */
export class FakeClock implements Clock {
  #now: number
  #monotonic = 0

  constructor(now = 1_767_225_600_000) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#monotonic
  }

  /** Moves wall and monotonic time on. */
  advance(ms: number): void {
    this.#now += ms
    this.#monotonic += ms
  }

  /** Sets wall time alone, as a person or NTP would. */
  setWall(now: number): void {
    this.#now = now
  }
}
