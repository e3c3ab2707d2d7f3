// Holds when a stream sends again: at a time, or when something changed; many changes are one, and a peer that does not read is cut.

import type { Timer } from '../../std/timer.ts'
import type { Outgoing } from './caller.ts'
import { fault } from './faults.ts'

/** Why a stream looks again: its time has come, what is trusted changed, or what stands against somebody. */
export type Reason = 'time' | 'trust' | 'standing'

/** How long an answer may wait to be taken before the next one is due (ms). */
const READ_MS = 10_000
/** How often it is looked whether it was (ms). */
const LOOK_MS = 50

/**
 * The reasons to send of one stream. Everything is let go of when the request's signal fires, because a stream whose peer has
 * gone while we wrote is not always told so otherwise.
 */
export class Updates {
  readonly #signal: AbortSignal
  readonly #timer: Timer
  readonly #outgoing: Outgoing
  readonly #stops: (() => void)[] = []
  #due = new Set<Reason>()
  #waiter: (() => void) | undefined
  #cancelDue: (() => void) | undefined
  #cancelCut: (() => void) | undefined

  constructor(of: {
    readonly signal: AbortSignal
    readonly timer: Timer
    readonly outgoing: Outgoing
    /** Each is given what to call when something changed, and answers how to stop that. */
    readonly sources: Partial<Record<Reason, (listener: () => void) => () => void>>
  }) {
    this.#signal = of.signal
    this.#timer = of.timer
    this.#outgoing = of.outgoing
    for (const [reason, source] of Object.entries(of.sources)) {
      this.#stops.push(source(() => this.#wake(reason as Reason)))
    }
    if (of.signal.aborted) this.#end()
    else of.signal.addEventListener('abort', () => this.#end(), { once: true })
  }

  /**
   * Resolves with the reasons to look again as soon as there are some, at the latest after `ms`; undefined when the stream is over.
   * Throws `workload.unread` where the last answer has not been taken.
   */
  async next(ms?: number): Promise<ReadonlySet<Reason> | undefined> {
    this.#cancelDue?.()
    this.#cancelDue = ms === undefined ? undefined : this.#timer.after(ms, () => this.#wake('time'))
    if (this.#due.size === 0 && !this.#signal.aborted) {
      await new Promise<void>((resolve) => (this.#waiter = resolve))
      this.#waiter = undefined
    }
    const reasons = this.#due
    this.#due = new Set()
    this.#cancelCut?.()
    this.#cancelCut = undefined
    if (this.#signal.aborted) return undefined
    if (!(await this.#taken())) {
      this.#outgoing.cut()
      throw fault('workload.unread', 'the last answer was not read')
    }
    return this.#signal.aborted ? undefined : reasons
  }

  /**
   * Whether the last answer is taken, now or within a while: where two changes come together, the second is due before the first
   * can be on its way, and whoever reads must not be cut for that.
   */
  async #taken(): Promise<boolean> {
    for (let waited = 0; this.#outgoing.unread() && !this.#signal.aborted; waited += LOOK_MS) {
      if (waited >= READ_MS) return false
      await new Promise<void>((resolve) => this.#timer.after(LOOK_MS, resolve))
    }
    return true
  }

  #wake(reason: Reason): void {
    this.#due.add(reason)
    if (this.#waiter !== undefined) this.#waiter()
    // Nobody waits for us: the last answer is still being written. Somebody who reads takes it in no time.
    else this.#cancelCut ??= this.#timer.after(READ_MS, () => this.#outgoing.cut())
  }

  #end(): void {
    for (const stop of this.#stops.splice(0)) stop()
    this.#cancelDue?.()
    this.#cancelCut?.()
    this.#waiter?.()
  }
}
