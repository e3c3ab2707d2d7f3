// Holds Ed25519 public keys in the two forms that meet here: 32 raw bytes (RFC 8032) and SubjectPublicKeyInfo (RFC 8410).

import { createPublicKey, verify, type KeyObject } from 'node:crypto'

import { fault } from './faults.ts'

const ED25519_KEY_BYTES = 32

const ED25519_SIGNATURE_BYTES = 64

/** SubjectPublicKeyInfo of Ed25519 up to the key itself: one sequence, OID 1.3.101.112, a bit string of 33 bytes. */
const SPKI_PREFIX = Uint8Array.of(
  0x30,
  0x2a,
  0x30,
  0x05,
  0x06,
  0x03,
  0x2b,
  0x65,
  0x70,
  0x03,
  0x21,
  0x00,
)

/** The raw 32 bytes within an Ed25519 SubjectPublicKeyInfo. Throws `tlog.vkey` for any other key. */
export function rawEd25519(spki: Uint8Array): Uint8Array {
  const whole = spki.length === SPKI_PREFIX.length + ED25519_KEY_BYTES
  if (!whole || !SPKI_PREFIX.every((byte, i) => spki[i] === byte)) {
    throw fault('tlog.vkey', 'not an Ed25519 public key')
  }
  return new Uint8Array(spki.subarray(SPKI_PREFIX.length))
}

/** Makes a check of signatures by one raw public key. Throws `tlog.vkey` unless it has 32 bytes. */
export function ed25519Check(
  raw: Uint8Array,
): (data: Uint8Array, signature: Uint8Array) => boolean {
  if (raw.length !== ED25519_KEY_BYTES) throw fault('tlog.vkey', 'an Ed25519 key has 32 bytes')
  const der = Buffer.concat([SPKI_PREFIX, raw])
  const key: KeyObject = createPublicKey({ key: der, format: 'der', type: 'spki' })
  return (data, signature) =>
    signature.length === ED25519_SIGNATURE_BYTES && verify(null, data, key, signature)
}
