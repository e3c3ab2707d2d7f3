// Holds the `oidc` attestor: a token that an issuer gave a workload for us becomes the selectors that registrations match.

import { errors, jwtVerify, type JWTPayload } from 'jose'
import { base64url, sha256, utf8 } from '../../../std/bytes.ts'
import type { Clock } from '../../../std/clock.ts'
import { Fault } from '../../../std/fault.ts'
import { IssuerKeys } from '../../trust/issuer-keys.ts'
import type { TrustSources } from '../../trust/trust-sources.ts'
import { fault } from '../faults.ts'
import type { Attested } from './attested.ts'

/** Asymmetric, and of today: a token that we could have made ourselves proves nothing. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']
const MAX_TOKEN = 16_384
const SKEW_S = 30
/** The longest that a token may live: one that lives for days is a password (s). */
const MAX_LIFE_S = 86_400
const MAX_SELECTORS = 512
const MAX_DEPTH = 6
const MAX_VALUE = 800

/** Checks tokens of workloads. */
export class OidcAttestor {
  readonly #sources: Pick<TrustSources, 'get'>
  readonly #clock: Clock
  readonly #keys = new Map<string, IssuerKeys>()

  constructor(sources: Pick<TrustSources, 'get'>, clock: Clock) {
    this.#sources = sources
    this.#clock = clock
  }

  /** What a token proves. Throws `attest.evidence`, or `trust.unreachable` where the issuer's keys cannot be had. */
  async attest(of: { readonly source: string; readonly token: string }): Promise<Attested> {
    const source = this.#sources.get(of.source)
    if (source?.kind !== 'attest-oidc') {
      throw fault('attest.evidence', 'no such source attests workloads by tokens')
    }
    if (of.token.length > MAX_TOKEN) throw fault('attest.evidence', 'the token is too large')
    const payload = await this.#verified(of.token, source.issuer, source.audience)
    const facts = claims(payload)
    return {
      attestor: 'oidc',
      source: source.name,
      selectors: [...new Set(facts.map(([path, value]) => `oidc:${path}:${value}`))].sort(),
      subject: payload.sub ?? '',
      facts: Object.fromEntries(facts),
      once: {
        id: `oidc:${base64url(sha256(utf8(signed(of.token))))}`,
        expiresAt: ((payload.exp ?? 0) + SKEW_S) * 1000,
      },
    }
  }

  async #verified(token: string, issuer: string, audience: string): Promise<JWTPayload> {
    const keys = this.#keys.get(issuer) ?? new IssuerKeys(issuer, this.#clock)
    this.#keys.set(issuer, keys)
    let payload: JWTPayload
    try {
      const verified = await jwtVerify(token, keys.find, {
        algorithms: ALGORITHMS,
        issuer,
        audience,
        requiredClaims: ['exp', 'iat', 'sub'],
        clockTolerance: SKEW_S,
        currentDate: new Date(this.#clock.now()),
      })
      payload = verified.payload
    } catch (error) {
      if (error instanceof Fault) throw error
      const why = error instanceof errors.JOSEError ? error.code : 'ERR_UNREADABLE'
      throw fault('attest.evidence', `the token does not hold: ${why.toLowerCase()}`, error)
    }
    // For others too means that others can show it here.
    if (Array.isArray(payload.aud) && payload.aud.length !== 1) {
      throw fault('attest.evidence', 'the token is not meant for us alone')
    }
    if ((payload.exp ?? Infinity) - (payload.iat ?? 0) > MAX_LIFE_S) {
      throw fault('attest.evidence', 'the token lives longer than a day')
    }
    return payload
  }
}

/** What the signature covers: ES256 allows more than one signature over the same, and it counts once all the same. */
function signed(token: string): string {
  return token.slice(0, token.lastIndexOf('.'))
}

/** Claims by path, as text; members of lists each by the path of the list. Bounded in depth, number and size. */
function claims(payload: JWTPayload): [path: string, value: string][] {
  const out: [string, string][] = []
  const walk = (path: string, value: unknown, depth: number): void => {
    if (out.length >= MAX_SELECTORS || depth > MAX_DEPTH) return
    if (typeof value === 'string' || typeof value === 'boolean' || Number.isSafeInteger(value)) {
      const text = String(value)
      if (path !== '' && text !== '' && text.length <= MAX_VALUE) out.push([path, text])
    } else if (Array.isArray(value)) {
      for (const member of value) walk(path, member, depth + 1)
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value)) {
        // A colon would let one claim pose as another in a selector.
        if (/^[A-Za-z0-9_./-]{1,128}$/.test(name)) {
          walk(path === '' ? name : `${path}.${name}`, member, depth + 1)
        }
      }
    }
  }
  walk('', payload, 0)
  return out
}
