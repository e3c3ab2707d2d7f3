// Holds the `oidc` attestor: a token that an issuer gave a workload for us becomes the selectors that registrations match.

import { errors, jwtVerify, type JWTPayload } from 'jose'
import { base64url, sha256, utf8 } from '../../../std/bytes.ts'
import type { Clock } from '../../../std/clock.ts'
import { Fault } from '../../../std/fault.ts'
import type { TrustSource } from '../../../store/rows/trust-source.ts'
import { IssuerKeys } from '../../trust/issuer-keys.ts'
import type { TrustSources } from '../../trust/trust-sources.ts'
import { fault } from '../faults.ts'
import type { Attested } from './attested.ts'
import { factsOf, selectorsOf } from './oidc-claims.ts'

/** Asymmetric, and of today: a token that we could have made ourselves proves nothing. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']
const MAX_TOKEN = 16_384
const SKEW_S = 30
/** The longest that a token may live: one that lives for days is a password (s). */
const MAX_LIFE_S = 86_400

/** Checks tokens of workloads. The issuers that are asked for keys are those that an administrator trusts, and no others. */
export class OidcAttestor {
  readonly #sources: Pick<TrustSources, 'get'>
  readonly #clock: Clock
  /** By the name of the source: never more than there were sources. */
  readonly #keys = new Map<string, { readonly of: TrustSource; readonly keys: IssuerKeys }>()

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
    const payload = await this.#verified(of.token, source)
    // The keys took a while: what was distrusted meanwhile counts no more.
    if (this.#sources.get(of.source) !== source) {
      throw fault('attest.evidence', 'no such source attests workloads by tokens')
    }
    return {
      attestor: 'oidc',
      source: source.name,
      selectors: selectorsOf(payload),
      subject: (payload.sub ?? '').slice(0, 256),
      facts: factsOf(payload),
      once: {
        id: `oidc:${base64url(sha256(utf8(signed(of.token))))}`,
        // Not before it could be shown for the last time.
        expiresAt: ((payload.exp ?? 0) + SKEW_S + 1) * 1000,
      },
    }
  }

  #keysOf(source: TrustSource): IssuerKeys {
    const known = this.#keys.get(source.name)
    if (known?.of === source) return known.keys
    const keys = new IssuerKeys(source.issuer, this.#clock, source.certificates)
    this.#keys.set(source.name, { of: source, keys })
    return keys
  }

  async #verified(token: string, source: TrustSource): Promise<JWTPayload> {
    const { payload, protectedHeader } = await this.#signed(token, source)
    // RFC 8725 §3.11: a JWT that was made for something else than saying who its holder is says nothing here.
    const { typ = 'JWT' } = protectedHeader
    if (!/^(?:application\/)?jwt$/i.test(typ)) {
      throw fault('attest.evidence', 'the token is of another type')
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

  async #signed(token: string, source: TrustSource) {
    try {
      return await jwtVerify(token, this.#keysOf(source).find, {
        algorithms: ALGORITHMS,
        issuer: source.issuer,
        audience: source.audience,
        requiredClaims: ['exp', 'iat', 'sub'],
        maxTokenAge: MAX_LIFE_S,
        clockTolerance: SKEW_S,
        currentDate: new Date(this.#clock.now()),
      })
    } catch (error) {
      if (error instanceof Fault) throw error
      const why = error instanceof errors.JOSEError ? error.code : 'ERR_UNREADABLE'
      throw fault('attest.evidence', `the token does not hold: ${why.toLowerCase()}`, error)
    }
  }
}

/** What the signature covers: ES256 allows more than one signature over the same, and it counts once all the same. */
function signed(token: string): string {
  return token.slice(0, token.lastIndexOf('.'))
}
