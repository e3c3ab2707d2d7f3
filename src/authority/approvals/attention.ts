// Holds what is known of an approver's attention: whether they looked at what they agree to, for how long, and how often they agree.

import type { Clock } from '../../std/clock.ts'

/** Characters that nobody reads in a second, and the least that looking takes (ms). */
const CHARACTERS_PER_SECOND = 50
const LEAST_MS = 2_000
/** Beyond this, nobody is asked to have read longer (ms). */
const MOST_MS = 60_000
/** Calls that one person may agree to within a minute: whoever needs more should change the policy, or bound a task. */
const PER_MINUTE = 30
const MINUTE_MS = 60_000
/** Looks that are remembered. */
const LOOKS_MAX = 4_096

/** How somebody looked before they agreed. */
export interface Reading {
  /** From the first look to the word (ms); null where nobody showed it to them. */
  readonly readMs: number | null
  /** True where that is less than reading takes. */
  readonly hasty: boolean
}

interface Look {
  readonly at: number
  readonly needMs: number
}

/** Lost in a restart: then nobody has looked yet. */
export class Attention {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #looks = new Map<string, Look>()
  readonly #words = new Map<string, number[]>()

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** Notes that a person was shown a held call, whose arguments have so many characters. The first look counts. */
  looked(approval: string, person: string, characters: number): void {
    const key = `${person} ${approval}`
    if (this.#looks.has(key)) return
    const [oldest] = this.#looks.keys()
    if (this.#looks.size >= LOOKS_MAX && oldest !== undefined) this.#looks.delete(oldest)
    const wanted = (characters / CHARACTERS_PER_SECOND) * 1_000
    const needMs = Math.min(MOST_MS, Math.max(LEAST_MS, wanted))
    this.#looks.set(key, { at: this.#clock.monotonic(), needMs })
  }

  /** How a person looked at a held call until now. */
  reading(approval: string, person: string): Reading {
    const look = this.#looks.get(`${person} ${approval}`)
    if (look === undefined) return { readMs: null, hasty: true }
    const readMs = Math.max(0, Math.round(this.#clock.monotonic() - look.at))
    return { readMs, hasty: readMs < look.needMs }
  }

  /** Counts that a person agrees now; false where they have agreed too often within a minute. */
  mayAgree(person: string): boolean {
    const now = this.#clock.monotonic()
    const lately = (this.#words.get(person) ?? []).filter((at) => now - at < MINUTE_MS)
    if (lately.length < PER_MINUTE) lately.push(now)
    else return false
    this.#words.set(person, lately)
    return true
  }
}
