// Holds the reading of an enforcer's public key, as people give it and as rows keep it.

import { createPublicKey, type KeyObject } from 'node:crypto'
import { base64url } from '../../std/bytes.ts'
import { keyFits } from '../../wire/jwt.ts'
import { enforcerFault } from './faults.ts'

/** The key of a PEM text, as the row keeps it. Throws `enforcer.key` for anything but a public key on P-256 or Ed25519. */
export function keyOfPem(pem: string): string {
  if (pem.includes('PRIVATE KEY')) {
    throw enforcerFault('enforcer.key', 'this is a private key: keep it, and give the public one')
  }
  let key: KeyObject
  try {
    key = createPublicKey({ key: pem, format: 'pem' })
  } catch (cause) {
    throw enforcerFault('enforcer.key', 'this is no public key in PEM', cause)
  }
  if (!keyFits('ES256', key) && !keyFits('EdDSA', key)) {
    throw enforcerFault('enforcer.key', 'the key is neither on P-256 nor Ed25519')
  }
  return base64url(new Uint8Array(key.export({ type: 'spki', format: 'der' })))
}

/** The key of a row. */
export function keyOfRow(text: string): KeyObject {
  return createPublicKey({
    key: Buffer.from(text, 'base64url'),
    type: 'spki',
    format: 'der',
  })
}
