// Holds what a rule is: a judgement over observations, one at a time, with a bounded memory.

import type { Observation } from '../wire/observation.ts'
import type { Finding } from './finding.ts'

/** A rule. `judge` is called for every observation, on the path of calls: a map look-up, no more. */
export interface Rule {
  readonly name: string
  judge(seen: Observation): Finding | undefined
}
