// Holds JWT-SVIDs (SPIFFE JWT-SVID): an instance's identity as a token for named audiences, five minutes at most.

import { createPublicKey } from 'node:crypto'
import type { Clock } from '../../std/clock.ts'
import { rfc3339 } from '../../std/clock.ts'
import type { Entropy } from '../../std/entropy.ts'
import { faults, type FaultCatalogue } from '../../std/fault.ts'
import { uuidv7 } from '../../std/id.ts'
import type { JsonObject } from '../../std/json.ts'
import { audienceOf, numericDate, readJws, verifyJws, writeJws } from '../../wire/jwt.ts'
import type { AuditSink } from '../../wire/record.ts'
import { parseSpiffeId } from '../../wire/spiffe.ts'
import type { TokenKey } from '../../keys/ring.ts'
import { fault as identityFault } from './faults.ts'

/** The longest that a JWT-SVID holds (ms). */
export const MAX_LIFE_MS = 300_000

/** Codes of JWT-SVIDs, besides those of every JWT. */
export const JWT_SVID_FAULTS = {
  'jwt_svid.header': { status: 401, next: 'send no header parameters but `alg`, `kid` and `typ`' },
  'jwt_svid.audience': { status: 401, next: 'ask the Workload API for one with this audience' },
  'jwt_svid.expired': { status: 401, next: 'ask the Workload API for a new one' },
  'jwt_svid.subject': {
    status: 401,
    next: 'show the JWT-SVID of an instance of this trust domain',
  },
  'jwt_svid.key': {
    status: 401,
    next: 'ask the Workload API for one that is signed with a key of the bundle',
  },
} as const satisfies FaultCatalogue

const fault = faults(JWT_SVID_FAULTS)

/** Header parameters that a JWT-SVID has; any other one is refused (JWT-SVID §2). */
const HEADERS: readonly string[] = ['alg', 'kid', 'typ']

/** A JWT-SVID that verified. Whether its instance still lives is asked of the identities. */
export interface JwtSvid {
  readonly spiffeId: string
  readonly agent: string
  readonly instance: string
  readonly audience: readonly string[]
  /** ms since the epoch. */
  readonly expiresAt: number
  /** `jti`; undefined for one that has none. */
  readonly id?: string
  readonly claims: JsonObject
}

/** What is signed: for whom, for what audiences, from when, until when (ms since the epoch). */
export interface JwtSvidClaims {
  readonly spiffeId: string
  /** Not empty. */
  readonly audience: readonly string[]
  readonly id: string
  readonly now: number
  readonly life: number
}

/** Signs a JWT-SVID (JWT-SVID §2, §3): ES256, `kid`, `sub`, `aud`, `exp`, `iat`, `jti`; for at most five minutes. */
export function signJwtSvid(key: TokenKey, of: JwtSvidClaims): string {
  if (of.audience.length === 0) throw new TypeError('a JWT-SVID has an audience')
  const iat = Math.floor(of.now / 1000)
  const payload: JsonObject = {
    sub: of.spiffeId,
    aud: [...of.audience],
    exp: Math.floor((of.now + Math.min(of.life, MAX_LIFE_MS)) / 1000),
    iat,
    jti: of.id,
  }
  return writeJws({ alg: 'ES256', kid: key.keyId, typ: 'JWT' }, payload, (data) => key.sign(data))
}

/**
 * Verifies a JWT-SVID of this trust domain (JWT-SVID §5): a key of ours and its one algorithm, an audience that is the
 * verifier's, a future end, a subject that is an instance here. Throws a Fault of `JWT_FAULTS` or `JWT_SVID_FAULTS`.
 */
export function verifyJwtSvid(
  by: { readonly tokens: TokenKey; readonly trustDomain: string },
  of: { readonly text: string; readonly audience: string; readonly now: number },
): JwtSvid {
  const jws = readJws(of.text, { typ: ['JWT', 'JOSE', undefined], algorithms: ['ES256'] })
  if (Object.keys(jws.header).some((name) => !HEADERS.includes(name))) {
    throw fault('jwt_svid.header', 'its header has parameters that no JWT-SVID has')
  }
  if (jws.header['kid'] !== by.tokens.keyId) {
    throw fault('jwt_svid.key', 'it is signed with a key that is not in the bundle')
  }
  const spki = Buffer.from(by.tokens.publicKey)
  verifyJws(jws, createPublicKey({ key: spki, format: 'der', type: 'spki' }))
  const { payload: claims } = jws
  const audience = audienceOf(claims)
  if (audience?.includes(of.audience) !== true) {
    throw fault('jwt_svid.audience', 'it is not meant for this audience')
  }
  const expiresAt = numericDate(claims['exp'])
  if (expiresAt === undefined || expiresAt <= of.now) {
    throw fault('jwt_svid.expired', 'it has ended, or has no end')
  }
  const { sub, jti } = claims
  const named = typeof sub === 'string' ? parseSpiffeId(sub) : undefined
  if (named?.kind !== 'instance' || named.domain !== by.trustDomain) {
    throw fault('jwt_svid.subject', 'its subject is not an instance of this trust domain')
  }
  return {
    spiffeId: sub as string,
    agent: named.agent,
    instance: named.instance,
    audience,
    expiresAt,
    ...(typeof jti === 'string' ? { id: jti } : {}),
    claims,
  }
}

/** What issuing JWT-SVIDs needs. */
export interface JwtSvidPorts {
  readonly tokens: TokenKey
  readonly trustDomain: string
  /** Instances that are live now; synchronous, from memory. */
  readonly live: (
    instance: string,
  ) => { readonly agent: string; readonly spiffeId: string; readonly lifeEnds: number } | undefined
  readonly audit: AuditSink
  readonly clock: Clock
  readonly entropy: Entropy
}

/** Issues JWT-SVIDs to instances and checks them; the Workload API speaks to it. */
export class JwtSvids {
  readonly #ports: JwtSvidPorts

  constructor(ports: JwtSvidPorts) {
    this.#ports = ports
  }

  /** Undefined for an instance that is no longer live. */
  spiffeIdOf(instance: string): string | undefined {
    return this.#ports.live(instance)?.spiffeId
  }

  /** Records and signs one, for five minutes or until the instance's absolute life ends. */
  async sign(of: {
    readonly instance: string
    readonly audience: readonly string[]
  }): Promise<string> {
    const { audit, clock, entropy, tokens } = this.#ports
    const instance = this.#live(of.instance)
    const now = clock.now()
    const life = Math.min(MAX_LIFE_MS, instance.lifeEnds - now)
    if (life < 1_000)
      throw identityFault('identity.life_over', 'the instance has reached the end of its life')
    const id = uuidv7(clock, entropy)
    const { spiffeId } = instance
    await audit.append({
      type: 'svid.jwt_issued',
      phase: 'lifecycle',
      agent: instance.agent,
      instance: of.instance,
      body: { jti: id, audience: [...of.audience], expiresAt: rfc3339(now + life) },
    })
    // It may have been revoked while the record was made durable.
    this.#live(of.instance)
    return signJwtSvid(tokens, { spiffeId, audience: of.audience, id, now, life })
  }

  /** Verifies one, and that its instance lives. Throws a Fault, never quoting it. */
  async verify(of: {
    readonly svid: string
    readonly audience: string
  }): Promise<{ readonly spiffeId: string; readonly claims: JsonObject }> {
    const { clock } = this.#ports
    const read = verifyJwtSvid(this.#ports, {
      text: of.svid,
      audience: of.audience,
      now: clock.now(),
    })
    if (this.#live(read.instance).agent !== read.agent) {
      throw fault('jwt_svid.subject', 'its subject is not an instance of this trust domain')
    }
    return Promise.resolve({ spiffeId: read.spiffeId, claims: read.claims })
  }

  #live(instance: string) {
    const found = this.#ports.live(instance)
    if (found === undefined) throw identityFault('identity.gone', 'the instance is no longer live')
    return found
  }
}
