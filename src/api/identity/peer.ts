// Holds who is at the other end of a connection to the identity listener: a certificate that TLS has verified, or nobody.

import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { hex, sha256 } from '../../std/bytes.ts'
import { fault } from './faults.ts'

/**
 * SHA-256 (hex) of the client certificate of this connection. TLS has shown that the peer holds the key and that the chain is
 * ours, once, perhaps in an earlier session; whether the identity is live is asked of the authority on every request.
 */
export function peer(request: IncomingMessage): string {
  const { socket } = request
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
  if (!(socket instanceof TLSSocket) || certificate === undefined) {
    throw fault('identity.client_certificate', 'the connection has no client certificate')
  }
  if (!socket.authorized) {
    throw fault('identity.client_certificate', 'the client certificate is not valid here')
  }
  return hex(sha256(certificate.raw))
}

/** The same, undefined where the connection has no certificate at all. One that is not valid is still refused. */
export function peerIfAny(request: IncomingMessage): string | undefined {
  const { socket } = request
  const shown = socket instanceof TLSSocket && socket.getPeerX509Certificate() !== undefined
  return shown ? peer(request) : undefined
}
