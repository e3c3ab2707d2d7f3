// Holds signed JSON in its compact form (RFC 7515, RFC 7519): one strict reader and one writer, both synchronous.

import { verify, type KeyObject } from 'node:crypto'
import { base64url, fromBase64url, utf8 } from '../std/bytes.ts'
import { Fault, faults, type FaultCatalogue } from '../std/fault.ts'
import {
  isObject,
  JsonNumber,
  parseJson,
  REQUEST_LIMITS,
  stringifyJson,
  type Json,
  type JsonObject,
} from '../std/json.ts'

/** Codes of the reader. They say nothing that would help somebody without a key. */
export const JWT_FAULTS = {
  'jwt.malformed': {
    status: 401,
    next: 'send a signed JWT in its compact form (RFC 7515 §3.1), of at most 8 KB',
  },
  'jwt.header': {
    status: 401,
    next: 'sign with the algorithm of the key, with the `typ` of this kind of token and without `crit`',
  },
  'jwt.signature': { status: 401, next: 'sign with the key that the receiver knows' },
} as const satisfies FaultCatalogue

const fault = faults(JWT_FAULTS)

/** Characters of a whole token. */
export const MAX_JWT = 8_192
/** Arrays and objects in one another: enough for the longest chain of `act`. */
const MAX_DEPTH = 32

/** Signature algorithms that are read. No symmetric one, and no `none`. `Ed25519` is RFC 9864's name for EdDSA on that curve. */
export type JwsAlgorithm = 'ES256' | 'EdDSA' | 'Ed25519' | 'RS256' | 'PS256'

const ALGORITHMS: readonly string[] = [
  'ES256',
  'EdDSA',
  'Ed25519',
  'RS256',
  'PS256',
] satisfies JwsAlgorithm[]

/** A token as it was taken apart; the signature is not verified yet. */
export interface Jws {
  readonly alg: JwsAlgorithm
  /** Only `alg`, `typ`, `kid` and, for DPoP, `jwk` are ever looked at: `jku`, `x5u`, `x5c` are nobody's word on a key. */
  readonly header: JsonObject
  readonly payload: JsonObject
  /** What the signature is over. */
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

/**
 * Takes a compact JWS apart: exact base64url, strict JSON, a known algorithm out of `algorithms`, the expected `typ`
 * (a list where the RFC allows more than one, `undefined` in it for none at all), no `crit` (RFC 7515 §4.1.11: nothing that
 * it could name is understood here). Throws a Fault of JWT_FAULTS; nothing else.
 */
export function readJws(
  text: string,
  expected: {
    readonly typ: readonly (string | undefined)[]
    readonly algorithms: readonly JwsAlgorithm[]
  },
): Jws {
  const parts = text.length <= MAX_JWT ? text.split('.', 4) : []
  const [head = '', body = '', tail = ''] = parts
  if (parts.length !== 3 || head === '' || body === '' || tail === '') throw malformed()
  const header = object(head)
  const { alg, typ } = header
  if (typeof alg !== 'string' || !isAlgorithm(alg) || !expected.algorithms.includes(alg)) {
    throw fault('jwt.header', 'the token is signed with an algorithm that is not accepted here')
  }
  if ('crit' in header) throw fault('jwt.header', 'the token has a `crit` header')
  if (!expected.typ.some((one) => one === typ)) {
    throw fault('jwt.header', 'the token is of another type')
  }
  const payload = object(body)
  return { alg, header, payload, signed: utf8(`${head}.${body}`), signature: bytes(tail) }
}

/** Verifies a signature. The key decides the algorithm, never the header. Throws `jwt.header` or `jwt.signature`. */
export function verifyJws(jws: Jws, key: KeyObject): void {
  if (!keyFits(jws.alg, key)) {
    throw fault('jwt.header', 'the algorithm is not that of the key')
  }
  if (!good(jws, key)) throw fault('jwt.signature', 'the signature of the token is wrong')
}

/** True for a public key that an algorithm may be used with: P-256, Ed25519, RSA of 2048 to 8192 bits. */
export function keyFits(alg: JwsAlgorithm, key: KeyObject): boolean {
  if (key.type !== 'public') return false
  const { asymmetricKeyType: kind, asymmetricKeyDetails: details } = key
  if (alg === 'ES256') return kind === 'ec' && details?.namedCurve === 'prime256v1'
  if (alg === 'EdDSA' || alg === 'Ed25519') return kind === 'ed25519'
  const bits = details?.modulusLength ?? 0
  return kind === 'rsa' && bits >= 2_048 && bits <= 8_192
}

/** Writes a compact JWS; `sign` answers the signature over the bytes, in IEEE P1363 form where the key is on a curve. */
export function writeJws(
  header: JsonObject,
  payload: JsonObject,
  sign: (signed: Uint8Array) => Uint8Array,
): string {
  const text = `${base64url(utf8(stringifyJson(header)))}.${base64url(utf8(stringifyJson(payload)))}`
  return `${text}.${base64url(sign(utf8(text)))}`
}

/** A NumericDate (RFC 7519 §2) in ms since the epoch; undefined for what is none. */
export function numericDate(value: Json | undefined): number | undefined {
  const seconds = value instanceof JsonNumber ? Number(value.text) : value
  if (typeof seconds !== 'number' || !(seconds >= 0 && seconds < 1e11)) return undefined
  return Math.floor(seconds * 1000)
}

/** The `aud` of a token (RFC 7519 §4.1.3), which is one text or several; undefined for what is none. */
export function audienceOf(payload: JsonObject): readonly string[] | undefined {
  const { aud } = payload
  if (typeof aud === 'string') return [aud]
  if (!Array.isArray(aud) || aud.length === 0) return undefined
  return aud.every((one): one is string => typeof one === 'string') ? aud : undefined
}

function good({ alg, signed, signature }: Jws, key: KeyObject): boolean {
  switch (alg) {
    case 'ES256':
      return signature.length === 64 && verify('sha256', signed, p1363(key), signature)
    case 'EdDSA':
    case 'Ed25519':
      return verify(null, signed, key, signature)
    case 'RS256':
      return verify('sha256', signed, { key, padding: PKCS1 }, signature)
    case 'PS256':
      return verify('sha256', signed, { key, padding: PSS, saltLength: 32 }, signature)
  }
}

/** RSA_PKCS1_PADDING and RSA_PKCS1_PSS_PADDING of OpenSSL. */
const PKCS1 = 1
const PSS = 6

function p1363(key: KeyObject) {
  return { key, dsaEncoding: 'ieee-p1363' } as const
}

function isAlgorithm(text: string): text is JwsAlgorithm {
  return ALGORITHMS.includes(text)
}

function malformed(cause?: unknown): Fault {
  return fault('jwt.malformed', 'this is not a signed JWT', cause)
}

/** Bytes of base64url text in its one canonical form. */
function bytes(text: string): Uint8Array {
  const read = fromBase64url(text)
  if (read === undefined || base64url(read) !== text) throw malformed()
  return read
}

function object(part: string): JsonObject {
  let tree
  try {
    tree = parseJson(bytes(part), { ...REQUEST_LIMITS, bytes: MAX_JWT, depth: MAX_DEPTH })
  } catch (cause) {
    throw malformed(cause)
  }
  if (!isObject(tree)) throw malformed()
  return tree
}
