// Holds how often agents may ask people ahead: whoever is asked too often stops reading.

import type { Clock } from '../../std/clock.ts'
import { amendmentFault } from './amendment-faults.ts'

/** Requests of one agent for one task within an hour. */
const PER_HOUR = 12
const HOUR_MS = 3_600_000
/** Agents and tasks that are remembered. */
const MOST = 4_096

/** Counts requests in this process: lost in a restart. */
export class AskRate {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #times = new Map<string, number[]>()

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** Counts one more of somebody. Throws `amendment.rate` where that is too many. */
  take(who: string): void {
    const now = this.#clock.monotonic()
    const lately = (this.#times.get(who) ?? []).filter((at) => now - at < HOUR_MS)
    if (lately.length >= PER_HOUR) {
      throw amendmentFault('amendment.rate', `${PER_HOUR} requests within an hour are made already`)
    }
    this.#times.delete(who)
    const oldest = this.#times.size >= MOST ? this.#times.keys().next().value : undefined
    if (oldest !== undefined) this.#times.delete(oldest)
    this.#times.set(who, [...lately, now])
  }
}
