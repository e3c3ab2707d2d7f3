// Holds the listener for gateways: TLS 1.3 with a certificate that this authority issued to one of them, and nobody else gets further.

import { createServer, type TLSSocket } from 'node:tls'
import type { AddressInfo } from 'node:net'
import type { Gateways } from '../../authority/gateways/gateways.ts'
import type { Roots } from '../../authority/identity/roots.ts'
import { keepCertified } from '../../authority/identity/serving.ts'
import { hex, sha256 } from '../../std/bytes.ts'
import type { Clock } from '../../std/clock.ts'
import type { Timer } from '../../std/timer.ts'
import { LINK_PROTOCOL } from '../../wire/link.ts'
import type { GatewayHub } from './hub.ts'

/** How long a handshake may take (ms), and how many connections there are at once. */
const HANDSHAKE_MS = 5_000
const MAX_CONNECTIONS = 2_048
/** How often it is looked at whether certificates still hold (ms). */
const LOOK_MS = 1_000

/** What the listener stands on. */
export interface LinkListenerParts {
  readonly hub: GatewayHub
  readonly gateways: Gateways
  readonly roots: Roots
  readonly clock: Clock
  readonly timer: Timer
  /** Counts who is turned away. */
  readonly refused: (kind: string) => void
}

/** A listener for gateways. */
export interface LinkListener {
  readonly port: number
  close(): Promise<void>
}

/** Listens. Rejects with Node's error when the address is taken. */
export async function listenForGateways(
  parts: LinkListenerParts,
  at: { readonly host: string; readonly port: number },
): Promise<LinkListener> {
  const { gateways, hub, refused } = parts
  const server = createServer(
    {
      minVersion: 'TLSv1.3',
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: [LINK_PROTOCOL],
      handshakeTimeout: HANDSHAKE_MS,
    },
    (socket) => take(socket, parts),
  )
  server.maxConnections = MAX_CONNECTIONS
  server.on('tlsClientError', () => refused('link_tls'))
  const stops = [
    keepCertified(server, { ...parts, role: 'control' }),
    gateways.onChange(({ name, state }) => {
      if (state === 'active') hub.assigned(name)
      else hub.end(name, 'it was removed, or is to enrol again')
    }),
    watchCertificates(parts),
  ]
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(at.port, at.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        for (const stop of stops) stop()
        server.close(() => resolve())
        hub.close()
      }),
  }
}

/** Takes a connection of a gateway that is registered and shows a certificate of its own that holds. */
function take(socket: TLSSocket, { gateways, hub, refused }: LinkListenerParts): void {
  socket.setNoDelay(true)
  const certificate = socket.getPeerX509Certificate()
  const fingerprint = certificate === undefined ? '' : hex(sha256(certificate.raw))
  const gateway = gateways.byCertificate(fingerprint)
  if (gateway?.state !== 'active' || certificate === undefined) {
    refused('link_unknown')
    socket.on('error', () => socket.destroy())
    socket.destroy()
    return
  }
  const { name } = gateway
  hub.take(socket, {
    name,
    key: certificate.publicKey,
    mayReach: (system) => gateways.mayReach(name, system),
    hosts: () => gateways.get(name)?.hosts ?? [],
  })
}

/** Ends the connection of a gateway that has renewed no certificate in time: it is nobody's any more. */
function watchCertificates({ clock, gateways, hub, timer }: LinkListenerParts): () => void {
  const look = (): (() => void) =>
    timer.after(LOOK_MS, () => {
      hub.endSilent()
      const now = clock.now()
      for (const { certificates, name } of gateways.list()) {
        if (!certificates.some(({ notAfter }) => notAfter > now)) {
          hub.end(name, 'its certificates have ended')
        }
      }
      cancel = look()
    })
  let cancel = look()
  return () => cancel()
}
