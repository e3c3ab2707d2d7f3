// Holds the checks of a DPoP proof against one request (RFC 9449 §4.3): of this request, now, with our nonce, once.

import { base64url, sha256 } from '../std/bytes.ts'
import type { Clock } from '../std/clock.ts'
import { Once } from '../std/once.ts'
import {
  accessTokenHash,
  dpopFault,
  DpopNonces,
  htuMatches,
  readDpopProof,
  type DpopProof,
} from './dpop.ts'

/** How far the clock of a prover may be from ours, either way, in ms. */
const WINDOW_MS = 60_000
/** Proofs that are remembered at once by default: two minutes of 800 a second. */
const MOST = 100_000

/** What a proof has to be of. */
export interface ProvenOf {
  /** Upper case. */
  readonly method: string
  /** The URL under which this surface is known, never one made from a `Host` or `Forwarded` header. */
  readonly url: string
  /** The access token that is shown with it; absent at the token endpoint. */
  readonly token?: string
}

/**
 * The checks of one surface. There are two halves: `read` looks at everything that costs no memory, and `spend` remembers the
 * proof; call it only once whoever sent it is known, so that nobody unknown can fill the memory.
 */
export class DpopChecks {
  readonly nonces: DpopNonces
  readonly #clock: Clock
  readonly #once: Once

  /** `key`: 32 random bytes of this surface alone. */
  constructor(of: { readonly key: Uint8Array; readonly clock: Clock; readonly most?: number }) {
    this.nonces = new DpopNonces(of.key, of.clock)
    this.#clock = of.clock
    this.#once = new Once(of.most ?? MOST)
  }

  /**
   * Reads the value of a DPoP header and compares it with the request. Throws `dpop.malformed`, `dpop.signature`,
   * `dpop.other_request`, `dpop.time`, `dpop.token`, or `dpop.nonce` where only our nonce is missing or old.
   */
  read(text: string, of: ProvenOf): DpopProof {
    const proof = readDpopProof(text)
    if (proof.htm !== of.method || !htuMatches(proof.htu, of.url)) {
      throw dpopFault('dpop.other_request', 'the DPoP proof is of another request')
    }
    if (Math.abs(this.#clock.now() - proof.iat) > WINDOW_MS) {
      throw dpopFault('dpop.time', 'the DPoP proof is not of the last minute')
    }
    if (of.token !== undefined && proof.ath !== accessTokenHash(of.token)) {
      throw dpopFault('dpop.token', 'the DPoP proof is of another access token')
    }
    if (proof.nonce === undefined || !this.nonces.accepts(proof.nonce)) {
      throw dpopFault('dpop.nonce', 'the DPoP proof lacks the nonce of this server')
    }
    return proof
  }

  /** Uses a proof up. Throws `dpop.replayed` when it was used before, `dpop.busy` when there is no room to remember it. */
  spend(proof: DpopProof): void {
    const until = proof.iat + WINDOW_MS
    // Hashed, so that what is remembered is small whatever the prover chose.
    const mark = base64url(sha256(`${proof.jkt} ${proof.jti}`))
    switch (this.#once.take(mark, until, this.#clock.now())) {
      case 'first':
        return
      case 'again':
        throw dpopFault('dpop.replayed', 'this DPoP proof was used already')
      case 'full':
        throw dpopFault('dpop.busy', 'too many DPoP proofs in two minutes')
    }
  }
}
