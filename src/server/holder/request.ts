// Holds making a key and asking for a certificate for it (PKCS#10, RFC 2986). The key stays in this process.

import { generateKeyPairSync, sign } from 'node:crypto'
import { bitString, context, integer, oid, sequence } from '../../std/der.ts'
import { pem } from '../../std/pem.ts'

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))

/** A fresh key and the request that proves it. */
export interface KeyAndRequest {
  /** PKCS#8 PEM, because TLS wants text; in memory only. */
  readonly key: string
  /** PKCS#10 PEM, without any name: the authority alone decides names. */
  readonly csr: string
}

/** Makes a key on P-256 and a request signed with it. */
export function makeRequest(): KeyAndRequest {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
  const info = sequence(integer(Uint8Array.of(0)), sequence(), spki, context(0))
  const signature = sign('sha256', info, { key: privateKey, dsaEncoding: 'der' })
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    csr: pem('CERTIFICATE REQUEST', sequence(info, ECDSA_SHA256, bitString(signature))),
  }
}
