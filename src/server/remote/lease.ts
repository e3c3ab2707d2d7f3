// Holds the lease of a gateway: how old its view of locks is, by clocks that it does not take on trust (INV-5).

import type { Clock } from '../../std/clock.ts'

/** How far this machine's wall clock may be from control's, and from its own monotonic one (ms). */
const DRIFT_MS = 2_000
/** Questions that may be under way: what is answered later tells nothing any more. */
const MOST_OPEN = 16

interface Moment {
  readonly wall: number
  readonly monotonic: number
}

/**
 * The age of a view. It counts from the moment at which the newest question that was answered was put, never from its answer: control
 * answered after it, so everything that control knew then is known here, however long the answer was on its way. An answer that comes
 * twice, or late, makes nothing younger.
 */
export class Lease {
  readonly #clock: Clock
  readonly #asked = new Map<number, Moment>()
  #next = 1
  #fresh: Moment | undefined
  #trusted = true

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Puts a question: its number goes to control, and comes back with what control's clock said. */
  ask(): number {
    const nonce = this.#next++
    this.#asked.set(nonce, this.#moment())
    const oldest = this.#asked.keys().next().value
    if (this.#asked.size > MOST_OPEN && oldest !== undefined) this.#asked.delete(oldest)
    return nonce
  }

  /** Takes an answer: the wall clock of control when it gave it (ms since the epoch). */
  answered(nonce: number, control: number): void {
    const put = this.#asked.get(nonce)
    if (put === undefined) return
    this.#asked.delete(nonce)
    const now = this.#moment()
    // Control answered in between: its clock has to have been somewhere there, too.
    this.#trusted =
      !wentBack(put, now) && control >= put.wall - DRIFT_MS && control <= now.wall + DRIFT_MS
    if (this.#fresh === undefined || put.monotonic > this.#fresh.monotonic) this.#fresh = put
  }

  /** Forgets everything: what is known is of a control that is not asked any more. */
  end(): void {
    this.#asked.clear()
  }

  /** Milliseconds, the larger of monotonic and wall time; infinite where there was no answer yet, or a clock is not to be trusted. */
  age(): number {
    const fresh = this.#fresh
    const now = this.#moment()
    if (fresh === undefined || !this.#trusted || wentBack(fresh, now)) return Infinity
    return Math.max(now.monotonic - fresh.monotonic, now.wall - fresh.wall)
  }

  #moment(): Moment {
    return { wall: this.#clock.now(), monotonic: this.#clock.monotonic() }
  }
}

/** True where the wall clock lost time that passed. */
function wentBack(from: Moment, to: Moment): boolean {
  return to.wall - from.wall < to.monotonic - from.monotonic - DRIFT_MS
}
