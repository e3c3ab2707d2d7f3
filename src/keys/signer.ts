// Holds a signing key in this process's memory.

import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { hex, sha256 } from '../std/bytes.ts'
import type { Signer } from './ring.ts'

/** A signer over a private key object: P-256 for `ES256`, Ed25519 for `Ed25519`. Signatures to verify are in P1363 form. */
export function signerOf(algorithm: Signer['algorithm'], privateKey: KeyObject): Signer {
  const publicObject = createPublicKey(privateKey)
  const publicKey = new Uint8Array(publicObject.export({ type: 'spki', format: 'der' }))
  const digest = algorithm === 'ES256' ? 'sha256' : null
  const encoding = (form: 'p1363' | 'der') => (form === 'der' ? 'der' : 'ieee-p1363')
  return {
    algorithm,
    publicKey,
    keyId: hex(sha256(publicKey)).slice(0, 16),
    sign: (data, form = 'p1363') =>
      new Uint8Array(sign(digest, data, { key: privateKey, dsaEncoding: encoding(form) })),
    verify: (data, signature) =>
      verify(digest, data, { key: publicObject, dsaEncoding: 'ieee-p1363' }, signature),
  }
}
