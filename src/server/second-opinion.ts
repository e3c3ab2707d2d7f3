// Holds the second opinion: a sample of live decisions, decided again by the library once nobody waits.

import type { Timer } from '../std/timer.ts'
import type { PolicySet } from '../policy/set.ts'
import type { Decision, DecisionRequest } from '../wire/decision.ts'

/** One decision in so many is looked at. */
const SAMPLE = 1_024

/** How long after a decision it is looked at (ms): when whoever asked has the answer. */
const LOOK_MS = 1_000

/** The least time between two (ms): the library takes some milliseconds for each party, and calls wait meanwhile. */
const PAUSE_MS = 30_000

/** A decision on which the library disagrees. */
export interface Disagreement {
  /** Digest of the policy set. */
  readonly policySet: string
  readonly system: string
  readonly action: string
  readonly ours: string
  readonly library: string
}

/** What is compared: answers, and which policies determined them or erred. The words of an error may differ. */
function told({ answer, parties }: Decision): string {
  return JSON.stringify([
    answer,
    parties.map((party) => [
      party.principal,
      party.answer,
      party.policies.map(({ id }) => id),
      party.errors.map(({ id }) => id),
    ]),
  ])
}

/** Watches the decisions of the set in force. */
export class SecondOpinion {
  readonly #timer: Timer
  readonly #onDisagreement: (set: PolicySet, disagreement: Disagreement) => void
  #count = 0
  #resting = false
  #cancel: (() => void) | undefined

  /** `onDisagreement` is told of each; it must not throw. */
  constructor(timer: Timer, onDisagreement: (set: PolicySet, disagreement: Disagreement) => void) {
    this.#timer = timer
    this.#onDisagreement = onDisagreement
  }

  /** Takes note of a decision. The first of all is looked at, so that a set that is wrong throughout is found at once. */
  saw(set: PolicySet, request: DecisionRequest): void {
    if (this.#count++ % SAMPLE !== 0 || this.#resting) return
    this.#resting = true
    this.#cancel = this.#timer.after(LOOK_MS, () => {
      this.#cancel = this.#timer.after(PAUSE_MS, () => {
        this.#resting = false
      })
      this.#look(set, request)
    })
  }

  #look(set: PolicySet, request: DecisionRequest): void {
    // Both now, and nothing between them: what a request reads of its history may have gone on since.
    const [ours, library] = [told(set.decide(request)), told(set.secondOpinion(request))]
    if (ours === library) return
    const { system, action } = request
    this.#onDisagreement(set, { policySet: set.digest, system, action, ours, library })
  }

  /** Ends what is waiting. */
  close(): void {
    this.#cancel?.()
  }
}
