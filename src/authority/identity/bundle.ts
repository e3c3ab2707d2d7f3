// Holds the trust bundle of a domain as SPIFFE publishes it (Trust Domain and Bundle §4).

import { createPublicKey } from 'node:crypto'
import type { JsonObject } from '../../std/json.ts'
import type { RootCertificate } from './root.ts'

/** How often somebody who follows the bundle should look again, in seconds (§4.1.2). */
const REFRESH_HINT_S = 300

/** A key as JWK members (RFC 7518 §6.2.1). */
function curveKey(jwk: { kty?: string; crv?: string; x?: string; y?: string }): JsonObject {
  const { kty, crv, x, y } = jwk
  if (kty === undefined || crv === undefined || x === undefined || y === undefined) {
    throw new TypeError('a key that is not on a curve')
  }
  return { kty, crv, x, y }
}

/** A key that signs tokens: id, and SubjectPublicKeyInfo as DER. */
interface TokenPublicKey {
  readonly keyId: string
  readonly publicKey: Uint8Array
}

/** Entries of keys that sign JWT-SVIDs (JWT-SVID §6). */
export function tokenKeyEntries(keys: readonly TokenPublicKey[]): JsonObject[] {
  return keys.map(({ keyId, publicKey }) => {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
    return { ...curveKey(key.export({ format: 'jwk' })), use: 'jwt-svid', kid: keyId }
  })
}

/**
 * The bundle as a JWK set: per root an entry with `use` x509-svid and the root as the only member of `x5c` (X509-SVID §6), and
 * one with `use` jwt-svid per key that signs tokens (JWT-SVID §6).
 */
export function bundle(of: {
  readonly roots: readonly RootCertificate[]
  readonly tokenKeys: readonly TokenPublicKey[]
  /** Grows whenever the keys change (§4.1.1). */
  readonly sequence: number
}): JsonObject {
  const roots = of.roots.map(({ certificate }) => ({
    ...curveKey(certificate.publicKey.export({ format: 'jwk' })),
    use: 'x509-svid',
    x5c: [certificate.raw.toString('base64')],
  }))
  return {
    keys: [...roots, ...tokenKeyEntries(of.tokenKeys)],
    spiffe_sequence: of.sequence,
    spiffe_refresh_hint: REFRESH_HINT_S,
  }
}
