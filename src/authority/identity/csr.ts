// Holds the reading of certificate requests (PKCS#10, RFC 2986): the key is taken, and nothing else.

import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { derChildren, readDer, TAG, type DerValue } from '../../std/der.ts'
import { Fault } from '../../std/fault.ts'
import { readPem } from '../../std/pem.ts'
import { fault } from './faults.ts'

/** No request of ours needs more than a few hundred octets. */
const MAX_PEM = 8_192

/** SubjectPublicKeyInfo up to the key itself; compared octet by octet, so that a key has one encoding. */
const P256_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex')
const P256_LENGTH = 91
const ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const ED25519_LENGTH = 44
const ECDSA_SHA256 = Buffer.from('300a06082a8648ce3d040302', 'hex')
const ED25519 = Buffer.from('300506032b6570', 'hex')

/** What a checked request gives. */
export interface CheckedRequest {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return Buffer.compare(bytes.subarray(0, prefix.length), prefix) === 0
}

/** The key, if it is one of the two kinds that we certify and a point of its curve. */
function readKey(spki: Uint8Array): { key: KeyObject; algorithm: Uint8Array; hash: string | null } {
  const p256 = spki.length === P256_LENGTH && startsWith(spki, P256_PREFIX)
  const ed25519 = spki.length === ED25519_LENGTH && startsWith(spki, ED25519_PREFIX)
  if (!p256 && !ed25519) {
    throw fault('identity.csr_key', 'the key is neither on P-256, uncompressed, nor Ed25519')
  }
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
    return p256
      ? { key, algorithm: ECDSA_SHA256, hash: 'sha256' }
      : { key, algorithm: ED25519, hash: null }
  } catch (cause) {
    throw fault('identity.csr_key', 'the key is not a point of its curve', cause)
  }
}

function structure(pemText: string): { info: DerValue; algorithm: DerValue; signature: DerValue } {
  if (pemText.length > MAX_PEM) throw fault('identity.csr_malformed', 'the request is too large')
  const [bytes, ...more] = readPem('CERTIFICATE REQUEST', pemText)
  if (bytes === undefined || more.length > 0) {
    throw fault('identity.csr_malformed', 'the text is not exactly one request')
  }
  const [info, algorithm, signature, ...rest] = derChildren(readDer(bytes, TAG.sequence))
  if (info === undefined || algorithm === undefined || signature === undefined || rest.length > 0) {
    throw fault('identity.csr_malformed', 'a request has three parts')
  }
  return { info, algorithm, signature }
}

/** The key of the request's info; every name that it asks for is refused rather than ignored. */
function keyOf(info: DerValue): Uint8Array {
  readDer(info.whole, TAG.sequence)
  const [version, subject, spki, attributes, ...rest] = derChildren(info)
  if (version === undefined || subject === undefined || spki === undefined || rest.length > 0) {
    throw fault('identity.csr_malformed', 'the request misses its version, subject or key')
  }
  if (Buffer.compare(version.whole, Uint8Array.of(TAG.integer, 1, 0)) !== 0) {
    throw fault('identity.csr_malformed', 'the version of the request is not 1')
  }
  if (readDer(subject.whole, TAG.sequence).content.length > 0) {
    throw fault('identity.csr_names', 'the request names a subject')
  }
  if (attributes !== undefined && readDer(attributes.whole, 0xa0).content.length > 0) {
    throw fault('identity.csr_names', 'the request carries attributes or extensions')
  }
  return spki.whole
}

function check(pemText: string): CheckedRequest {
  const { info, algorithm, signature } = structure(pemText)
  const spki = keyOf(info)
  const { key, algorithm: expected, hash } = readKey(spki)
  if (Buffer.compare(algorithm.whole, expected) !== 0) {
    throw fault('identity.csr_signature', 'the request is not signed by the algorithm of its key')
  }
  readDer(signature.whole, TAG.bitString)
  if (signature.content[0] !== 0) {
    throw fault('identity.csr_malformed', 'the signature is not whole octets')
  }
  // INVARIANT: what is verified is `info` exactly as received, so the key that we certify is the key that signed.
  const genuine = verify(
    hash,
    info.whole,
    { key, dsaEncoding: 'der' },
    signature.content.subarray(1),
  )
  if (!genuine) {
    throw fault('identity.csr_signature', 'the request is not signed by the key that it carries')
  }
  return { publicKey: new Uint8Array(spki) }
}

/**
 * Checks a request in PEM: strict DER, an empty subject, no attributes, a P-256 or Ed25519 key, and proof that whoever sent
 * it holds the key. Throws a Fault `identity.csr_…`.
 */
export function checkRequest(pemText: string): CheckedRequest {
  try {
    return check(pemText)
  } catch (error) {
    if (error instanceof Fault && /^(?:der|pem)\./.test(error.code)) {
      throw fault('identity.csr_malformed', error.detail, error)
    }
    throw error
  }
}
