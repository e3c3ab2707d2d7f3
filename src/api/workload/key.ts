// Holds the making of the keys that the Workload API hands out: one per certificate, held by nobody here once it was sent.

import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'

const generate = promisify(generateKeyPair)

/** A fresh key on P-256. */
export interface NewKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array
  /** PKCS#8, DER. Whoever sends it overwrites it (INV-8): see docs/decisions/workload-api-keys.md. */
  readonly privateKey: Uint8Array
}

/** Makes a key on a thread of the pool. */
export async function newKey(): Promise<NewKey> {
  const { publicKey, privateKey } = await generate('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  })
  return { publicKey, privateKey }
}

/** A public key whose private half is gone before anybody has seen it. */
export async function keyOfNobody(): Promise<Uint8Array> {
  const { publicKey, privateKey } = await newKey()
  privateKey.fill(0)
  return publicKey
}
