// Holds DPoP (RFC 9449): reading a proof of possession, and nonces that need no memory.

import { createHmac, createPublicKey, timingSafeEqual, type KeyObject } from 'node:crypto'
import { base64url, fromBase64url, sha256 } from '../std/bytes.ts'
import type { Clock } from '../std/clock.ts'
import { Fault, faults, type FaultCatalogue } from '../std/fault.ts'
import { isObject, type JsonObject } from '../std/json.ts'
import { numericDate, readJws, verifyJws, type JwsAlgorithm } from './jwt.ts'

/** Codes of proofs. They say nothing that would help somebody without a key. */
export const DPOP_FAULTS = {
  'dpop.malformed': { status: 401, next: 'send one DPoP proof as RFC 9449 §4.2 describes it' },
  'dpop.signature': { status: 401, next: 'sign the proof with the key in its `jwk`' },
  'dpop.other_request': {
    status: 401,
    next: 'make the proof for the method and the URL of this very request',
  },
  'dpop.time': { status: 401, next: 'set the clock, and make a proof for every request' },
  'dpop.token': { status: 401, next: 'put the hash of the access token into the proof as `ath`' },
  'dpop.nonce': {
    status: 401,
    next: 'make the proof again with the nonce in the DPoP-Nonce header',
  },
  'dpop.replayed': { status: 401, next: 'make a new proof for every request' },
  'dpop.busy': { status: 503, next: 'try again in a minute, with a new proof' },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const dpopFault = faults(DPOP_FAULTS)

/** Algorithms that a proof may be signed with: asymmetric ones only (RFC 9449 §4.2). Metadata publishes this very list. */
export const DPOP_ALGORITHMS: readonly JwsAlgorithm[] = [
  'ES256',
  'EdDSA',
  'Ed25519',
  'RS256',
  'PS256',
]

/** A proof whose signature is good. Whether it fits this request, now and once, is for `DpopChecks`. */
export interface DpopProof {
  /** JWK SHA-256 thumbprint (RFC 7638) of the key that signed it. */
  readonly jkt: string
  /** Method. */
  readonly htm: string
  /** URL, as the proof has it. */
  readonly htu: string
  /** ms since the epoch. */
  readonly iat: number
  readonly jti: string
  /** SHA-256 of the access token, base64url. */
  readonly ath?: string
  readonly nonce?: string
}

/** Members of a JWK that only a private or a symmetric key has (RFC 7518 §6). */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/**
 * Reads a proof and verifies its signature with the key that it carries (RFC 9449 §4.3, checks 2 to 7).
 * Throws a Fault of DPOP_FAULTS; nothing else.
 */
export function readDpopProof(text: string): DpopProof {
  const jws = readAs(() => readJws(text, { typ: ['dpop+jwt'], algorithms: DPOP_ALGORITHMS }))
  const { jwk } = jws.header
  if (!isObject(jwk)) throw malformed()
  const key = publicKey(jwk)
  try {
    verifyJws(jws, key)
  } catch (cause) {
    throw dpopFault('dpop.signature', 'the signature of the DPoP proof is wrong', cause)
  }
  const { htm, htu, jti, ath, nonce } = jws.payload
  const iat = numericDate(jws.payload['iat'])
  if (typeof htm !== 'string' || typeof htu !== 'string' || typeof jti !== 'string')
    throw malformed()
  if (iat === undefined || jti.length < 1 || jti.length > 256) throw malformed()
  if (ath !== undefined && typeof ath !== 'string') throw malformed()
  if (nonce !== undefined && typeof nonce !== 'string') throw malformed()
  return {
    jkt: jwkThumbprint(key),
    htm,
    htu,
    iat,
    jti,
    ...(ath === undefined ? {} : { ath }),
    ...(nonce === undefined ? {} : { nonce }),
  }
}

/** True when the `htu` of a proof names a URL; query and fragment of both are left out (RFC 9449 §4.3 check 9). */
export function htuMatches(htu: string, url: string): boolean {
  const said = bare(htu)
  return said !== undefined && said === bare(url)
}

/** The `ath` of an access token (RFC 9449 §4.2). */
export function accessTokenHash(token: string): string {
  return base64url(sha256(token))
}

/** JWK SHA-256 thumbprint (RFC 7638, RFC 8037 §2) of a public key, base64url. */
export function jwkThumbprint(key: KeyObject): string {
  const { kty, crv, e, n, x, y } = key.export({ format: 'jwk' })
  // Members that the kind of key requires, in the order of their names; JSON.stringify leaves out those that it has not.
  return base64url(sha256(JSON.stringify({ crv, e, kty, n, x, y })))
}

/** How long one nonce is handed out, in ms; it is taken for as long again. */
const NONCE_MS = 120_000

/**
 * Nonces that the server hands out and knows again without remembering them (RFC 9449 §8, §9): an HMAC over the time under
 * a key that belongs to one surface, so that the nonce of one gateway is worth nothing at another.
 */
export class DpopNonces {
  readonly #key: Uint8Array
  readonly #clock: Clock

  /** `key`: 32 random bytes, of this surface alone; new ones at every start are fine. */
  constructor(key: Uint8Array, clock: Clock) {
    if (key.length < 32) throw new TypeError('a nonce key has at least 32 bytes')
    this.#key = key
    this.#clock = clock
  }

  /** The nonce to hand out now. */
  next(): string {
    return this.#nonce(this.#bucket())
  }

  /** True for the nonce of now and the one before. */
  accepts(nonce: string): boolean {
    const bytes = fromBase64url(nonce)
    if (bytes?.length !== 16) return false
    const now = this.#bucket()
    return [now, now - 1].some((bucket) => {
      const mine = fromBase64url(this.#nonce(bucket))
      return mine !== undefined && timingSafeEqual(mine, bytes)
    })
  }

  #bucket(): number {
    return Math.floor(this.#clock.now() / NONCE_MS)
  }

  #nonce(bucket: number): string {
    const mac = createHmac('sha256', this.#key).update(`dpop nonce ${bucket}`).digest()
    return base64url(mac.subarray(0, 16))
  }
}

/** A URL as proofs are compared: normalised by its own rules, without query, fragment and credentials. */
function bare(text: string): string | undefined {
  if (text.length > 2_048 || !URL.canParse(text)) return undefined
  const { protocol, host, pathname, username, password } = new URL(text)
  if (username !== '' || password !== '') return undefined
  return `${protocol}//${host}${pathname}`
}

function malformed(cause?: unknown): Fault {
  return dpopFault('dpop.malformed', 'this is not a DPoP proof', cause)
}

function readAs<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw malformed(cause)
  }
}

/** The public key of a JWK. One that carries a private part is refused (RFC 9449 §4.3 check 7), and so is its holder. */
function publicKey(jwk: JsonObject): KeyObject {
  if (PRIVATE.some((member) => member in jwk)) throw malformed()
  const { kty, crv, x, y, n, e } = jwk
  const members = { kty, crv, x, y, n, e }
  if (typeof kty !== 'string') throw malformed()
  const given: Record<string, string> = {}
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined) continue
    if (typeof value !== 'string' || value.length > 1_400) throw malformed()
    given[name] = value
  }
  return readAs(() => createPublicKey({ key: given, format: 'jwk' }))
}
