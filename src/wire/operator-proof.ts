// Holds the operator's proof: a signature over one request of the control API, worthless for any other. History: v1 Ed25519.

import { createPrivateKey, createPublicKey, sign, verify, type JsonWebKey } from 'node:crypto'
import { base64url, fromBase64url, sha256, utf8 } from '../std/bytes.ts'
import type { Clock } from '../std/clock.ts'
import type { Entropy } from '../std/entropy.ts'
import { Fault, faults, type FaultCatalogue } from '../std/fault.ts'
import { isObject, parseJson, REQUEST_LIMITS, type JsonObject } from '../std/json.ts'

const NEXT = 'use the bailiwick command with the operator credential of this home'

/** Codes of the proof. They say nothing that would help somebody without a key. */
export const OPERATOR_PROOF_FAULTS = {
  'operator.malformed': { status: 401, next: NEXT },
  'operator.unknown_key': { status: 401, next: NEXT },
  'operator.signature': { status: 401, next: NEXT },
} as const satisfies FaultCatalogue

const fault = faults(OPERATOR_PROOF_FAULTS)

/** The Authorization scheme. */
export const OPERATOR_SCHEME = 'Operator'
/** Characters of a whole proof. */
const MAX_LENGTH = 4_096
const TYPE = 'operator-proof+jwt'
const DIGEST = /^[A-Za-z0-9_-]{43}$/
const NONCE = /^[A-Za-z0-9_-]{22}$/

/** One request as its proof binds it. */
export interface ProvenRequest {
  /** Upper case. */
  readonly method: string
  /** Path with query, exactly as it is sent. */
  readonly target: string
  /** The body's bytes; empty where there is none. */
  readonly body: Uint8Array
}

/** What a proof whose signature is good says. Whether it says it of this request, now and once, is for the server to check. */
export interface OperatorProof {
  /** Key id: SHA-256 of the key's SubjectPublicKeyInfo, base64url. */
  readonly kid: string
  /** Method. */
  readonly htm: string
  /** Path with query. */
  readonly htu: string
  /** Base64url SHA-256 of the body. */
  readonly bdg: string
  /** Seconds since the epoch. */
  readonly iat: number
  /** Sixteen random bytes, base64url. */
  readonly jti: string
}

/** Key id of a person's key: SHA-256 of its SubjectPublicKeyInfo in DER, base64url. */
export function operatorKeyId(publicKey: Uint8Array): string {
  return base64url(sha256(publicKey))
}

/** The `bdg` of a body. */
export function bodyDigest(body: Uint8Array): string {
  return base64url(sha256(body))
}

/** The value of the Authorization header for one request; made anew for every request, also for one that is repeated. */
export function makeOperatorProof(
  request: ProvenRequest,
  credential: { readonly kid: string; readonly key: JsonWebKey },
  from: { readonly clock: Clock; readonly entropy: Entropy },
): string {
  const header = { alg: 'EdDSA', typ: TYPE, kid: credential.kid }
  const payload = {
    htm: request.method,
    htu: request.target,
    bdg: bodyDigest(request.body),
    iat: Math.floor(from.clock.now() / 1000),
    jti: base64url(from.entropy.bytes(16)),
  }
  const signed = `${base64url(utf8(JSON.stringify(header)))}.${base64url(utf8(JSON.stringify(payload)))}`
  const key = createPrivateKey({ key: credential.key, format: 'jwk' })
  if (key.asymmetricKeyType !== 'ed25519') {
    throw fault('operator.malformed', 'the operator credential has no Ed25519 key')
  }
  return `${OPERATOR_SCHEME} ${signed}.${base64url(sign(null, utf8(signed), key))}`
}

/**
 * Reads the value of an Authorization header and verifies its signature with the key that `publicKeyOf` has for its `kid`
 * (SPKI DER). One form is accepted: three base64url parts, exactly the members above, EdDSA over Ed25519.
 * Throws a Fault of OPERATOR_PROOF_FAULTS; nothing else.
 */
export function readOperatorProof(
  authorization: string,
  publicKeyOf: (kid: string) => Uint8Array | undefined,
): OperatorProof {
  const match =
    authorization.length <= MAX_LENGTH
      ? /^Operator ([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(authorization)
      : null
  if (match === null) throw malformed()
  const [, header = '', payload = '', signature = ''] = match
  const { alg, typ, kid } = members(header, 3)
  if (alg !== 'EdDSA' || typ !== TYPE || typeof kid !== 'string' || kid.length > 128) {
    throw malformed()
  }
  const { htm, htu, bdg, iat, jti } = members(payload, 5)
  const texts = typeof htm === 'string' && typeof htu === 'string'
  const binary = typeof bdg === 'string' && typeof jti === 'string'
  if (!texts || !binary || !DIGEST.test(bdg) || !NONCE.test(jti)) throw malformed()
  if (typeof iat !== 'number' || !Number.isSafeInteger(iat)) throw malformed()
  const publicKey = publicKeyOf(kid)
  if (publicKey === undefined) {
    throw fault('operator.unknown_key', 'no person has this operator key')
  }
  const good = verify(
    null,
    utf8(`${header}.${payload}`),
    ed25519(publicKey),
    canonicalBytes(signature),
  )
  if (!good) throw fault('operator.signature', 'the signature of the operator proof is wrong')
  return { kid, htm, htu, bdg, iat, jti }
}

function malformed(cause?: unknown): Fault {
  return fault('operator.malformed', 'the operator proof is malformed', cause)
}

/** Bytes of base64url text in its one canonical form. */
function canonicalBytes(text: string): Uint8Array {
  const bytes = fromBase64url(text)
  if (bytes === undefined || base64url(bytes) !== text) throw malformed()
  return bytes
}

/** A part's JSON object with exactly so many members; any that is missing shows as undefined. */
function members(part: string, count: number): JsonObject {
  let tree
  try {
    tree = parseJson(canonicalBytes(part), { ...REQUEST_LIMITS, bytes: MAX_LENGTH, depth: 1 })
  } catch (cause) {
    throw malformed(cause)
  }
  if (!isObject(tree) || Object.keys(tree).length !== count) throw malformed()
  return tree
}

/** An Ed25519 public key in DER, in its one encoding (RFC 8410 §4). */
function ed25519(publicKey: Uint8Array) {
  let key
  try {
    key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
  } catch (cause) {
    throw fault('operator.malformed', 'the public key is not SubjectPublicKeyInfo', cause)
  }
  if (key.asymmetricKeyType !== 'ed25519' || publicKey.length !== 44) {
    throw fault('operator.malformed', 'the public key is not an Ed25519 key')
  }
  return key
}
