// Holds the certificates of our own listeners: a key in memory, an hour of life, made anew before it ends and whenever roots change.

import { generateKeyPairSync } from 'node:crypto'
import { createSecureContext, type SecureContext, type Server } from 'node:tls'
import type { Clock } from '../../std/clock.ts'
import { pem } from '../../std/pem.ts'
import type { Timer } from '../../std/timer.ts'
import { rootOfServerName } from '../../wire/identity.ts'
import type { ServerRole } from '../../wire/spiffe.ts'
import { issueServer, leafValidity } from './certificate.ts'
import type { AltName } from './extension.ts'
import type { Root } from './root.ts'
import type { Roots } from './roots.ts'

const HOUR = 3_600_000

/** How often a listener asks whether its certificate is past half of its life; short, because machines sleep. */
const LOOK_MS = 30_000

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

/** What certificates of listeners are made from. */
export interface ServingPorts {
  readonly roots: Roots
  readonly role: ServerRole
  /** Names besides those of this machine under which the listener is reached; absent: none. */
  readonly names?: readonly AltName[]
  readonly clock: Clock
}

/** Makes a key and a certificate for a listener. The key is never written anywhere. */
function serverCredential(
  { roots, role, names, clock }: ServingPorts,
  root: Root,
): ServerCredential {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const validity = leafValidity(clock.now(), HOUR, root.notAfter)
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
  const leaf = issueServer(root.issuer, { role, names, publicKey: spki }, validity)
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem('CERTIFICATE', leaf) + root.pem,
    ca: roots.pems(),
    minVersion: 'TLSv1.3',
    notAfter: validity.notAfter,
  }
}

/** True while a credential has at least half an hour, and shows the root and the trust of now. */
function isFresh(
  credential: ServerCredential,
  root: Root,
  { roots, clock }: ServingPorts,
): boolean {
  return (
    clock.now() <= credential.notAfter - HOUR / 2 &&
    credential.cert.endsWith(root.pem) &&
    credential.ca === roots.pems()
  )
}

/**
 * Gives a listener its certificate now, and a new one whenever half of its life is over or the roots have changed; whom it
 * accepts changes with it. Connections that are open keep theirs: what their certificate is worth is asked of the authority at
 * every request. The answer stops it.
 */
export function keepCertified(
  server: Pick<Server, 'setSecureContext'>,
  of: ServingPorts & { readonly timer: Timer },
): () => void {
  let current = serverCredential(of, of.roots.serving)
  server.setSecureContext(current)
  const refresh = (): void => {
    const root = of.roots.serving
    if (isFresh(current, root, of)) return
    current = serverCredential(of, root)
    server.setSecureContext(current)
  }
  const look = (): (() => void) =>
    of.timer.after(LOOK_MS, () => {
      refresh()
      cancel = look()
    })
  let cancel = look()
  const stop = of.roots.onChange(refresh)
  return () => {
    stop()
    cancel()
  }
}

/** What `tls.createServer` asks for a name that a client gives. */
export type ServerNames = (
  name: string,
  answer: (error: Error | null, context?: SecureContext) => void,
) => void

/**
 * Contexts for clients that say which root they know (`rootServerName`): while that root is trusted, they are shown a leaf of
 * it, whichever one signs now. So a join token that was made before a rotation still enrols. Any other name gets the
 * listener's own certificate. At most one context per trusted root is kept.
 */
export function pinnedContexts(of: ServingPorts): ServerNames {
  const made = new Map<string, { credential: ServerCredential; context: SecureContext }>()
  return (name, answer) => {
    const root = of.roots.trusted.find(({ fingerprint }) => rootOfServerName(name, fingerprint))
    const signing = root === undefined ? undefined : of.roots.signing(root.fingerprint)
    if (signing === undefined || signing.notAfter <= of.clock.now()) return answer(null)
    for (const known of made.keys()) if (!of.roots.trusts(known)) made.delete(known)
    let entry = made.get(signing.fingerprint)
    if (entry === undefined || !isFresh(entry.credential, signing, of)) {
      const credential = serverCredential(of, signing)
      entry = { credential, context: createSecureContext(credential) }
      made.set(signing.fingerprint, entry)
    }
    answer(null, entry.context)
  }
}
