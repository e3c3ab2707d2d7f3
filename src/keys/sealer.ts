// Holds sealing: AES-256-GCM with a fresh nonce per message, bound to the context in which it may be opened.

import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import { utf8 } from '../std/bytes.ts'
import type { Entropy } from '../std/entropy.ts'
import { faults } from '../std/fault.ts'
import { KEYS_FAULTS } from './faults.ts'
import type { Sealer } from './ring.ts'

const fault = faults(KEYS_FAULTS)
const NONCE = 12
const TAG = 16

/** Sealed in one context, a value opens in no other: the context is authenticated with it. */
function associated(context: string): Uint8Array {
  return utf8(`bailiwick/seal/v1\n${context}`)
}

/** A sealer over 32 bytes. Random 96-bit nonces carry 2^32 messages per key (NIST SP 800-38D §8.3). */
export function sealerOf(key: Uint8Array, entropy: Entropy): Sealer {
  if (key.byteLength !== 32) throw new TypeError('AES-256 takes a key of 32 bytes')
  let keyId: string | undefined
  return {
    // Of the key's HMAC and not of the key: the id is shown. Data keys, which open one value, are never asked for it.
    get keyId() {
      keyId ??= createHmac('sha256', key).update('bailiwick/key-id').digest('hex').slice(0, 16)
      return keyId
    },
    seal(plain, context) {
      const nonce = entropy.bytes(NONCE)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      cipher.setAAD(associated(context))
      const text = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
      return new Uint8Array(text)
    },
    open(sealed, context) {
      const refuse = (cause?: unknown) =>
        fault('keys.unsealable', 'a sealed value was changed, or belongs elsewhere', cause)
      if (sealed.byteLength < NONCE + TAG) throw refuse()
      const end = sealed.byteLength - TAG
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE), {
        authTagLength: TAG,
      })
      decipher.setAAD(associated(context))
      decipher.setAuthTag(sealed.subarray(end))
      try {
        return new Uint8Array(
          Buffer.concat([decipher.update(sealed.subarray(NONCE, end)), decipher.final()]),
        )
      } catch (cause) {
        throw refuse(cause)
      }
    },
  }
}
