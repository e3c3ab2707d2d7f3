// Holds a decided call as it is kept for replay: everything that the decision was taken from, and what it was. History: v1.

import type { Answer, DecisionRequest } from './decision.ts'

/** A call that was decided. The arguments in it may be personal data: it is sealed wherever it is kept. */
export interface TrafficEntry {
  /** UUIDv7 of the call; its records have it too. */
  readonly call: string
  /** `now` of the request is when it was decided. Nothing was set aside yet. */
  readonly request: DecisionRequest
  /** What policy answered, whatever became of the call. */
  readonly answer: Answer
  /** `@id`s of the policies that determined it, sorted. */
  readonly by: readonly string[]
  /** Digest of the policy set that decided. */
  readonly policySet: string
  /** True where observe mode let the call go on all the same. */
  readonly observed?: true
}
