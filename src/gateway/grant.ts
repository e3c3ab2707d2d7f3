// Holds the grant: authority for exactly one call, made at the decision, good for seconds, and used once.

import { canonicalJson, type Json } from '../std/json.ts'
import type { Actor } from '../wire/actor.ts'

/** How old a decision may be when it is acted on (monotonic ms): starting an upstream can take longer. */
const GRANT_MS = 5_000

/**
 * A grant is an object of this process and no token: who does not hold it cannot use it, and using it takes it away. What it is
 * spent from, an approval or a budget, is durable by the time the intent is; after a crash there is no grant, and nothing runs.
 */
export class Grant {
  readonly #madeAt: number
  #spent = false

  /** `now`: monotonic ms of the decision. */
  constructor(now: number) {
    this.#madeAt = now
  }

  /** True while nobody has to ask again whether what was decided still holds. */
  isFresh(now: number): boolean {
    return now - this.#madeAt < GRANT_MS
  }

  /** Uses it up. True for the first who does, and for nobody after. */
  spend(): boolean {
    if (this.#spent) return false
    this.#spent = true
    return true
  }
}

/** True where everything that was decided on about an actor is what it was; its credential and the history aside. */
export function sameGround(before: Actor, now: Actor): boolean {
  return before === now || groundOf(before) === groundOf(now)
}

function groundOf({ credential: _credential, lifeEnds: _lifeEnds, ...ground }: Actor): string {
  return canonicalJson(ground as unknown as Json)
}
