// Holds the detector: every observation before every rule, and each conclusion told once in a while.

import type { Observation } from '../wire/observation.ts'
import type { Finding } from './finding.ts'
import { Recent } from './recent.ts'
import type { Rule } from './rule.ts'
import { circuitBreaker } from './rules/circuit-breaker.ts'
import { dpopReplay } from './rules/dpop-replay.ts'
import { impossibleConcurrency } from './rules/impossible-concurrency.ts'
import { joinRace } from './rules/join-race.ts'
import { refreshReuse } from './rules/refresh-reuse.ts'
import { renewalElsewhere } from './rules/renewal-elsewhere.ts'
import { twoPlaces } from './rules/two-places.ts'

/** The same conclusion about the same instance is told once in this time: it keeps nobody from filling the log (ms). */
const QUIET_MS = 600_000
const BOUND = 10_000

/** Every rule, new. */
export function allRules(): readonly Rule[] {
  return [
    twoPlaces(),
    impossibleConcurrency(),
    renewalElsewhere(),
    dpopReplay(),
    refreshReuse(),
    joinRace(),
    circuitBreaker(),
  ]
}

/** Judges observations. What it remembers is in memory: a restart forgets places, never findings. */
export class Detector {
  readonly #rules: readonly Rule[]
  readonly #onFinding: (finding: Finding, at: number) => void
  readonly #told = new Recent<number>(BOUND)

  constructor(rules: readonly Rule[], onFinding: (finding: Finding, at: number) => void) {
    this.#rules = rules
    this.#onFinding = onFinding
  }

  /** Tells anew what it has told of an instance: its lock was lifted, or what was told could not be answered. */
  forget(instance: string): void {
    for (const { name } of this.#rules) this.#told.delete(`${name} ${instance}`)
  }

  /** Judges one observation. */
  observe(seen: Observation): void {
    for (const rule of this.#rules) {
      const finding = rule.judge(seen)
      if (finding === undefined) continue
      const key = `${finding.rule} ${finding.instance}`
      const told = this.#told.get(key)
      if (told !== undefined && seen.at - told < QUIET_MS) continue
      this.#told.set(key, seen.at)
      this.#onFinding(finding, seen.at)
    }
  }
}
