// Holds which tasks of the protocol are whose: a system may know only one account, and we know who began what.

import type { Clock } from '../../std/clock.ts'

/** Tasks that are remembered: of one caller, and of all; the oldest go first. */
const PER_OWNER = 1_000
const OWNERS = 10_000
/** How long a task can be asked about (ms). */
const KEPT_MS = 86_400_000

/** Tasks by caller and system. What was begun before the gateway started is nobody's. */
export class TaskBook {
  readonly #clock: Clock
  readonly #begun = new Map<string, Map<string, number>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Notes who began a task. */
  began(owner: string, system: string, task: string): void {
    const own = this.#begun.get(owner) ?? new Map<string, number>()
    this.#begun.delete(owner)
    this.#begun.set(owner, own)
    own.set(keyOf(system, task), this.#clock.monotonic())
    dropOldest(own, PER_OWNER)
    dropOldest(this.#begun, OWNERS)
  }

  /** True where this caller began it. */
  owns(owner: string, system: string, task: string): boolean {
    const own = this.#begun.get(owner)
    const at = own?.get(keyOf(system, task))
    if (at === undefined) return false
    if (this.#clock.monotonic() - at < KEPT_MS) return true
    own?.delete(keyOf(system, task))
    return false
  }
}

function keyOf(system: string, task: string): string {
  return `${system} ${task}`
}

function dropOldest(map: Map<string, unknown>, limit: number): void {
  for (const key of map.keys()) {
    if (map.size <= limit) return
    map.delete(key)
  }
}
