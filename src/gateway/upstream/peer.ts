// Holds whom a TLS connection leads to: the public keys of the chain that was verified, and the check of them against a pin.

import type { TLSSocket } from 'node:tls'
import { X509Certificate } from 'node:crypto'
import { digest } from '../../std/bytes.ts'
import type { Fault } from '../../std/fault.ts'

/** Certificates of one chain; a longer one is cut, and then ends in another key than was pinned. */
const MAX_CHAIN = 8

/** What looks at a connection before anything is sent on it. */
export interface PeerCheck {
  /** Connections that are checked differently are never shared. */
  readonly key: string
  /** Gets the digests of the public keys, the server's own first. A Fault ends the connection. */
  check(chain: readonly string[]): Fault | undefined
}

function keyDigest(der: Buffer): string {
  return digest(new X509Certificate(der).publicKey.export({ type: 'spki', format: 'der' }))
}

/** Digests of the public keys of the chain of a connection that was authorised, the server's own first. */
export function chainOf(socket: TLSSocket): string[] {
  const chain: string[] = []
  let at = socket.getPeerCertificate(true)
  while (chain.length < MAX_CHAIN && Buffer.isBuffer(at.raw)) {
    chain.push(keyDigest(at.raw))
    // The last one is its own issuer; an object without one is what Node gives where there is none.
    if (at.issuerCertificate === undefined || at.issuerCertificate === at) break
    if (at.issuerCertificate.fingerprint256 === at.fingerprint256) break
    at = at.issuerCertificate
  }
  return chain
}
