// Holds the authentication of people: a proof that is signed by their key, of this very request, made now, used once.

import { fromBase64url } from '../std/bytes.ts'
import type { Clock } from '../std/clock.ts'
import type { People } from '../authority/registry/people.ts'
import { bodyDigest, readOperatorProof, type OperatorProof } from '../wire/operator-proof.ts'
import { fault } from './faults.ts'
import { Once } from '../std/once.ts'

/** Seconds by which the clock of who asks may differ from ours. */
const WINDOW_S = 60
/** Proofs that are remembered at once: two minutes of 800 requests a second. */
const MAX_REMEMBERED = 100_000

/** A person of the registry. */
export type Person = NonNullable<ReturnType<People['get']>>

/** Who asks, as far as the head of the request shows it. */
export interface Claimed {
  readonly person: Person
  readonly proof: OperatorProof
}

/**
 * Knows people by their proofs. There are two halves, so that nobody without a key makes us read a body: `identify` looks at
 * the head, `admit` at the body. Only after both is the person the one who asks.
 */
export class Operators {
  readonly #people: Pick<People, 'byCredential'>
  readonly #clock: Clock
  readonly #startedAt: number
  readonly #once = new Once(MAX_REMEMBERED)

  constructor(people: Pick<People, 'byCredential'>, clock: Clock) {
    this.#people = people
    this.#clock = clock
    this.#startedAt = clock.now()
  }

  /** The person whose key signed a proof for this method and target (path with query). Throws an `operator.*` Fault. */
  identify(head: {
    readonly authorization: string | null
    readonly method: string
    readonly target: string
  }): Claimed {
    if (head.authorization === null) throw fault('operator.missing', 'the request has no proof')
    const proof = readOperatorProof(head.authorization, (kid) => this.#keyOf(kid))
    const person = this.#people.byCredential(proof.kid)
    if (person === undefined) throw fault('operator.missing', 'the person is no longer here')
    if (proof.htm !== head.method || proof.htu !== head.target) {
      throw fault('operator.other_request', 'the proof is of another request')
    }
    const now = this.#clock.now()
    if (Math.abs(now - proof.iat * 1000) > WINDOW_S * 1000) {
      throw fault('operator.time', `the proof is not of the last ${WINDOW_S} seconds`)
    }
    // What was used before we started is not remembered: somebody may have held the port in between.
    if (proof.iat * 1000 + 999 < this.#startedAt) {
      throw fault('operator.time', 'the proof is older than this server')
    }
    return { person, proof }
  }

  /** Binds the claim to the body's bytes and uses the proof up. Throws an `operator.*` Fault. */
  admit({ person, proof }: Claimed, body: Uint8Array): Person {
    if (proof.bdg !== bodyDigest(body)) {
      throw fault('operator.other_request', 'the proof is of another body')
    }
    const until = (proof.iat + WINDOW_S) * 1000
    switch (this.#once.take(`${proof.kid} ${proof.jti}`, until, this.#clock.now())) {
      case 'first':
        return person
      case 'again':
        throw fault('operator.replayed', 'this proof was used already')
      case 'full':
        throw fault('operator.busy', 'too many requests in two minutes')
    }
  }

  #keyOf(kid: string): Uint8Array | undefined {
    const credentials = this.#people.byCredential(kid)?.credentials ?? []
    const credential = credentials.find((one) => one.kid === kid)
    return credential === undefined ? undefined : fromBase64url(credential.publicKey)
  }
}
