// Holds the reading of a person's public key: what may become a credential.

import { createPublicKey } from 'node:crypto'
import { base64url, fromBase64url, sha256 } from '../../std/bytes.ts'
import { faults } from '../../std/fault.ts'
import type { PersonCredential } from '../../store/rows/person.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'

const fault = faults(AUTHORITY_FAULTS)

/** A credential of a public key (SubjectPublicKeyInfo in DER, base64url), which has to be one of Ed25519; else `person.key`. */
export function personKey(publicKey: string, createdAt: number): PersonCredential {
  const der = fromBase64url(publicKey)
  if (der === undefined || !isEd25519(der)) {
    throw fault('person.key', 'the public key is no Ed25519 key in SubjectPublicKeyInfo')
  }
  return { kid: base64url(sha256(der)), publicKey, createdAt }
}

function isEd25519(der: Uint8Array): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
    return key.asymmetricKeyType === 'ed25519'
  } catch {
    return false
  }
}
