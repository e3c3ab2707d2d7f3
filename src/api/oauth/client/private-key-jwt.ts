// Holds `private_key_jwt` (RFC 7523 §2.2 and §3): an assertion that the key of a live certificate signed, once, for us alone.

import { createPublicKey } from 'node:crypto'
import type { Clock } from '../../../std/clock.ts'
import { Fault } from '../../../std/fault.ts'
import type { HolderCertificate, TokenHolder } from '../../../authority/tokens/ports.ts'
import { keyFits, readJws, verifyJws, type Jws } from '../../../wire/jwt.ts'
import { parseSpiffeId } from '../../../wire/spiffe.ts'
import { oauthFault } from '../faults.ts'
import type { ClientPort } from '../ports.ts'
import { AssertionChecks, wrongAssertion } from './assertion-checks.ts'

/** Algorithms of assertions: those that a certificate of ours can have a key for. Metadata publishes this very list. */
export const ASSERTION_ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519'] as const

/** The types that such an assertion may have: RFC 7523 names none, its revision names its own. */
const TYPES = [undefined, 'JWT', 'client-authentication+jwt'] as const

/** Knows instances by assertions that their keys signed. */
export class PrivateKeyJwt {
  readonly #clients: ClientPort
  readonly #checks: AssertionChecks

  /** `audiences`: the issuer, and the token endpoint, which older clients put there. */
  constructor(of: {
    readonly clients: ClientPort
    readonly clock: Clock
    readonly audiences: () => readonly string[]
  }) {
    this.#clients = of.clients
    this.#checks = new AssertionChecks(of)
  }

  /**
   * The instance that signed an assertion, and the certificate whose key did; uses the assertion up. Throws
   * `oauth.client_assertion` or `oauth.client_busy`.
   */
  holderOf(assertion: string): { readonly holder: TokenHolder; readonly credential: string } {
    const jws = read(assertion)
    const { iss, sub } = jws.payload
    const named = typeof sub === 'string' ? parseSpiffeId(sub) : undefined
    if (iss !== sub || named?.kind !== 'instance') throw wrongAssertion('it names no instance')
    const holder = this.#clients.live(named.instance)
    if (holder === undefined || holder.spiffeId !== sub)
      throw wrongAssertion('it names no live instance')
    const fingerprint = signedBy(jws, holder)
    if (fingerprint === undefined || this.#clients.holderOf(fingerprint)?.id !== holder.id) {
      throw wrongAssertion('no live certificate of the instance has the key that signed it')
    }
    this.#checks.accept(jws, holder.id)
    return { holder, credential: fingerprint }
  }
}

function read(assertion: string): Jws {
  try {
    return readJws(assertion, { typ: TYPES, algorithms: ASSERTION_ALGORITHMS })
  } catch (cause) {
    throw oauthFault('oauth.client_assertion', 'this is not a client assertion', cause)
  }
}

/** Fingerprint of the certificate whose key signed. The instance has few, and each is tried: `kid` is only a hint. */
function signedBy(jws: Jws, holder: TokenHolder): string | undefined {
  for (const [fingerprint, certificate] of holder.certificates) {
    if (verifies(jws, certificate)) return fingerprint
  }
  return undefined
}

function verifies(jws: Jws, { spki }: HolderCertificate): boolean {
  if (spki === undefined) return false
  const key = createPublicKey({
    key: Buffer.from(spki),
    format: 'der',
    type: 'spki',
  })
  if (!keyFits(jws.alg, key)) return false
  try {
    verifyJws(jws, key)
    return true
  } catch (error) {
    if (error instanceof Fault) return false
    throw error
  }
}
