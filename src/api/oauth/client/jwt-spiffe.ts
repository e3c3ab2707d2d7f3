// Holds client authentication by a JWT-SVID of ours (draft-ietf-oauth-spiffe-client-auth §3.1), good with one key alone.

import { base64url, sha256 } from '../../../std/bytes.ts'
import type { Clock } from '../../../std/clock.ts'
import { Fault } from '../../../std/fault.ts'
import type { TokenHolder } from '../../../authority/tokens/ports.ts'
import type { Tokens } from '../../../authority/tokens/tokens.ts'
import { audienceOf, numericDate, readJws, verifyJws, type Jws } from '../../../wire/jwt.ts'
import { parseSpiffeId } from '../../../wire/spiffe.ts'
import { oauthFault } from '../faults.ts'
import type { ClientPort } from '../ports.ts'
import { MAX_LIFE_MS, SKEW_MS } from './assertion-checks.ts'

/** JWT-SVIDs that are remembered at once. */
const MOST = 100_000

/** The types that a JWT-SVID may have (JWT-SVID §2.3). */
const TYPES = [undefined, 'JWT', 'JOSE'] as const

/**
 * Knows instances by JWT-SVIDs. SPIFFE clients keep one until it ends, so unlike other assertions it may come again; but it is
 * a bearer, so it counts only together with the key of a DPoP proof or a client certificate, and with the first such key alone:
 * who steals one later gets nothing for it.
 */
export class JwtSpiffe {
  readonly #clients: ClientPort
  readonly #tokens: Pick<Tokens, 'issuer' | 'key'>
  readonly #clock: Clock
  readonly #startedAt: number
  /** SHA-256 of the SVID → the key that it came with, and its end in ms; in the order of arrival. */
  readonly #keys = new Map<string, { readonly key: string; readonly until: number }>()

  constructor(of: {
    readonly clients: ClientPort
    readonly tokens: Pick<Tokens, 'issuer' | 'key'>
    readonly clock: Clock
  }) {
    this.#clients = of.clients
    this.#tokens = of.tokens
    this.#clock = of.clock
    this.#startedAt = of.clock.now()
  }

  /** The instance of a JWT-SVID, shown with a key: a thumbprint or a fingerprint. Throws `oauth.client_assertion`. */
  holderOf(assertion: string, key: string | undefined): TokenHolder {
    const jws = this.#verified(assertion)
    const { sub } = jws.payload
    const named = typeof sub === 'string' ? parseSpiffeId(sub) : undefined
    const holder = named?.kind === 'instance' ? this.#clients.live(named.instance) : undefined
    if (holder === undefined || holder.spiffeId !== sub) throw wrong('it names no live instance')
    const stands = [...holder.certificates.keys()].some(
      (fingerprint) => this.#clients.holderOf(fingerprint)?.id === holder.id,
    )
    if (!stands) throw wrong('the instance has no certificate that holds')
    const [audience, ...more] = audienceOf(jws.payload) ?? []
    if (audience !== this.#tokens.issuer || more.length > 0) {
      throw wrong('it is not meant for this server alone')
    }
    const now = this.#clock.now()
    const until = numericDate(jws.payload['exp'])
    if (until === undefined || until <= now) throw wrong('it has ended')
    if (until > now + MAX_LIFE_MS + SKEW_MS) throw wrong('it lives longer than five minutes')
    // With which key an older one was used is not remembered.
    if ((numericDate(jws.payload['iat']) ?? 0) + 999 < this.#startedAt) {
      throw wrong('it is older than this server: fetch a new one')
    }
    if (key === undefined) throw wrong('it comes without a DPoP proof and without a certificate')
    this.#stick(base64url(sha256(assertion)), key, until)
    return holder
  }

  #verified(assertion: string): Jws {
    try {
      const jws = readJws(assertion, { typ: TYPES, algorithms: ['ES256'] })
      const { id, object } = this.#tokens.key()
      if (jws.header['kid'] !== id) throw wrong('it is of another trust domain')
      verifyJws(jws, object)
      return jws
    } catch (cause) {
      throw oauthFault('oauth.client_assertion', 'this is not a JWT-SVID of this authority', cause)
    }
  }

  #stick(svid: string, key: string, until: number): void {
    const now = this.#clock.now()
    for (const [old, held] of this.#keys) {
      if (held.until > now) break
      this.#keys.delete(old)
    }
    const first = this.#keys.get(svid)
    if (first !== undefined && first.key !== key) throw wrong('it was used with another key')
    if (first !== undefined) return
    if (this.#keys.size >= MOST) {
      throw oauthFault('oauth.client_busy', 'too many JWT-SVIDs in five minutes')
    }
    this.#keys.set(svid, { key, until })
  }
}

function wrong(why: string): Fault {
  return oauthFault('oauth.client_assertion', `the JWT-SVID is not good: ${why}`)
}
