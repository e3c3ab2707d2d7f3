// Holds who is at the other end of a connection: its certificate and its address, however the connection came in.

import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** The other end of a connection. */
export interface Peer {
  /** SHA-256 of the certificate that its TLS handshake proved (lower-case hex); absent: it showed none that is trusted. */
  readonly certificate?: string
  /** Address as the accepting socket says it. Evidence for detectors, never for authorisation (INV-8). */
  readonly address: string
}

/** Taken once for each connection: what a certificate is worth is asked for every request. */
const peers = new WeakMap<Socket, Peer>()

/** Who is at the other end. */
export function peerOf(socket: Socket): Peer {
  let peer = peers.get(socket)
  if (peer === undefined) {
    peer = seen(socket)
    peers.set(socket, peer)
  }
  return peer
}

/** Says who is behind a socket of our own, whose handshake another thread has done. */
export function introduce(socket: Socket, peer: Peer): void {
  peers.set(socket, peer)
}

/** What a socket itself knows of its peer. */
export function seen(socket: Socket): Peer {
  const address = socket.remoteAddress ?? 'unknown'
  const certificate =
    socket instanceof TLSSocket && socket.authorized
      ? socket.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase()
      : undefined
  return { address, ...(certificate !== undefined && { certificate }) }
}
