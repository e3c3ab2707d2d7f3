// Holds the checks of a client assertion that do not depend on whose it is (RFC 7523 §3): meant for us alone, now, once.

import { base64url, sha256 } from '../../../std/bytes.ts'
import type { Clock } from '../../../std/clock.ts'
import type { Fault } from '../../../std/fault.ts'
import { Once } from '../../../std/once.ts'
import { audienceOf, numericDate, type Jws } from '../../../wire/jwt.ts'
import { oauthFault } from '../faults.ts'

/** How far in the future an assertion may end, in ms. */
export const MAX_LIFE_MS = 300_000
/** How far the clock of a client may be ahead of ours, in ms. */
export const SKEW_MS = 60_000
/** Assertions that are remembered at once: five minutes of 300 a second. */
const MOST = 100_000

/** The checks, with what they remember. */
export class AssertionChecks {
  readonly #clock: Clock
  readonly #audiences: () => readonly string[]
  readonly #startedAt: number
  readonly #once = new Once(MOST)

  /** `audiences`: the issuer, and the token endpoint, which older clients put there. */
  constructor(of: { readonly clock: Clock; readonly audiences: () => readonly string[] }) {
    this.#clock = of.clock
    this.#startedAt = of.clock.now()
    this.#audiences = of.audiences
  }

  /** Uses up an assertion whose signature was verified; `id` is whose it is. Throws `oauth.client_assertion` or `oauth.client_busy`. */
  accept(jws: Jws, id: string): void {
    const [audience, ...more] = audienceOf(jws.payload) ?? []
    if (audience === undefined || more.length > 0 || !this.#audiences().includes(audience)) {
      throw wrongAssertion('it is not meant for this server alone')
    }
    const ends = this.#time(jws)
    const { jti } = jws.payload
    if (typeof jti !== 'string' || jti === '' || jti.length > 256) {
      throw wrongAssertion('it has no jti')
    }
    switch (this.#once.take(base64url(sha256(`${id} ${jti}`)), ends, this.#clock.now())) {
      case 'first':
        return
      case 'again':
        throw wrongAssertion('it was used already')
      case 'full':
        throw oauthFault('oauth.client_busy', 'too many client assertions in five minutes')
    }
  }

  /** Checks its times, and answers its end in ms. */
  #time({ payload }: Jws): number {
    const now = this.#clock.now()
    const ends = numericDate(payload['exp'])
    if (ends === undefined || ends <= now) throw wrongAssertion('it has ended')
    if (ends > now + MAX_LIFE_MS + SKEW_MS) {
      throw wrongAssertion('it lives longer than five minutes')
    }
    for (const member of ['iat', 'nbf']) {
      if (payload[member] === undefined) continue
      const at = numericDate(payload[member])
      if (at === undefined || at > now + SKEW_MS) throw wrongAssertion('it is of the future')
    }
    // What was used before we started is not remembered. Without `iat` it may be as old as one that ends then can be.
    const made = numericDate(payload['iat']) ?? ends - MAX_LIFE_MS
    if (made + 999 < this.#startedAt) {
      throw wrongAssertion('it may be older than this server: make a new one, with iat')
    }
    return ends
  }
}

/** Why an assertion is worth nothing. */
export function wrongAssertion(why: string): Fault {
  return oauthFault('oauth.client_assertion', `the client assertion is not good: ${why}`)
}
