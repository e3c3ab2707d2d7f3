// Holds the trust bundle of a domain as SPIFFE publishes it (Trust Domain and Bundle §4).

import type { JsonObject } from '../../std/json.ts'
import type { Root } from './root.ts'

/** How often somebody who follows the bundle should look again, in seconds (§4.1.3). */
const REFRESH_HINT_S = 300

/** The bundle as a JWK set: one entry per root, `use` x509-svid with the root as the only member of `x5c` (X509-SVID §6). */
export function bundle(root: Root): JsonObject {
  const { kty, crv, x, y } = root.certificate.publicKey.export({ format: 'jwk' })
  if (kty === undefined || crv === undefined || x === undefined || y === undefined) {
    throw new TypeError('a root whose key is not on a curve')
  }
  return {
    keys: [
      {
        kty,
        crv,
        x,
        y,
        use: 'x509-svid',
        x5c: [root.certificate.raw.toString('base64')],
      },
    ],
    // Counts changes of the bundle: an authority of this version has one root for its whole life.
    spiffe_sequence: 1,
    spiffe_refresh_hint: REFRESH_HINT_S,
  }
}
