// Holds how long each part of a call took, for its outcome record.

import type { Clock } from '../std/clock.ts'
import type { JsonObject } from '../std/json.ts'

/** Parts of a call, in the order in which they come. */
export type Part = 'decide' | 'wait' | 'record' | 'equip' | 'upstream' | 'inspect'

/** The parts of one call. Owned by it; every part is taken once, or added up. */
export class Timings {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #began: number
  readonly #parts: Partial<Record<Part, number>> = {}
  #last: number

  /** Begins now. */
  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
    this.#began = clock.monotonic()
    this.#last = this.#began
  }

  /** Says that what happened since the last part was this one. */
  end(part: Part): void {
    const now = this.#clock.monotonic()
    this.#parts[part] = (this.#parts[part] ?? 0) + now - this.#last
    this.#last = now
  }

  /** Whole milliseconds since it began. */
  get totalMs(): number {
    return Math.round(this.#clock.monotonic() - this.#began)
  }

  /** What of it stands in a record: microseconds of each part that there was, and of all of it. */
  body(): JsonObject {
    const body: Record<string, number> = {}
    for (const [part, ms] of Object.entries(this.#parts))
      body[`${part}_us`] = Math.round(ms * 1_000)
    body['total_us'] = Math.round((this.#clock.monotonic() - this.#began) * 1_000)
    return body
  }
}
