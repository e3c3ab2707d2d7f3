// Holds the certificates of our own listeners: a key in memory, an hour of life, made anew before it ends.

import { generateKeyPairSync } from 'node:crypto'
import type { Server } from 'node:tls'
import type { Clock } from '../../std/clock.ts'
import { pem } from '../../std/pem.ts'
import type { Timer } from '../../std/timer.ts'
import type { ServerRole } from '../../wire/spiffe.ts'
import { issueServer, leafValidity } from './certificate.ts'
import type { Root } from './root.ts'

const HOUR = 3_600_000

/** What a TLS listener of ours is configured with; texts are PEM. */
interface ServerCredential {
  readonly key: string
  /** Leaf, then root: who enrols compares the root with the fingerprint in the join token. */
  readonly cert: string
  /** Whose client certificates are accepted. */
  readonly ca: string
  readonly minVersion: 'TLSv1.3'
  /** ms since the epoch. */
  readonly notAfter: number
}

/** Makes a key and a certificate for a listener. The key is never written anywhere. */
function serverCredential(root: Root, role: ServerRole, clock: Clock): ServerCredential {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const validity = leafValidity(clock.now(), HOUR)
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
  const leaf = issueServer(root.issuer, { role, publicKey: spki }, validity)
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem('CERTIFICATE', leaf) + root.pem,
    ca: root.pem,
    minVersion: 'TLSv1.3',
    notAfter: validity.notAfter,
  }
}

/** How often a listener asks whether its certificate is past half of its life; short, because machines sleep. */
const LOOK_MS = 30_000

/**
 * Gives a listener its certificate now and a new one whenever half of its life is over. Connections that are open keep
 * theirs. The answer stops it.
 */
export function keepCertified(
  server: Server,
  of: {
    readonly root: Root
    readonly role: ServerRole
    readonly clock: Clock
    readonly timer: Timer
  },
): () => void {
  let current = serverCredential(of.root, of.role, of.clock)
  server.setSecureContext(current)
  const look = (): (() => void) =>
    of.timer.after(LOOK_MS, () => {
      if (of.clock.now() > current.notAfter - HOUR / 2) {
        current = serverCredential(of.root, of.role, of.clock)
        server.setSecureContext(current)
      }
      cancel = look()
    })
  let cancel = look()
  return () => cancel()
}
