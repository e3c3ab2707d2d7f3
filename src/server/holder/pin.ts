// Holds finding the authority's root by the fingerprint in a join token; nothing secret is sent before it is found.

import { X509Certificate } from 'node:crypto'
import { connect, type DetailedPeerCertificate } from 'node:tls'
import { base64url, sha256 } from '../../std/bytes.ts'
import { pem } from '../../std/pem.ts'
import { rootServerName } from '../../wire/identity.ts'
import { parseSpiffeId } from '../../wire/spiffe.ts'
import { fault } from './faults.ts'

/** An authority whose root somebody vouched for out of band, through the join token. */
export interface PinnedAuthority {
  /** The root certificate, PEM. */
  readonly root: string
  readonly trustDomain: string
  /** The name that asks the identity listener for a leaf of that root, whichever root signs meanwhile. */
  readonly serverName: string
}

/** Where a listener is dialled. Names under `.localhost` are this machine (RFC 6761 §6.3); resolvers here do not know them. */
export function address(url: string): {
  readonly host: string
  readonly port: number
  /** The address as an origin that resolves everywhere. */
  readonly origin: string
} {
  const read = URL.parse(url)
  if (read === null || read.protocol !== 'https:') {
    throw fault('holder.address', 'the address of the identity listener is not an https address')
  }
  const name = read.hostname.replace(/^\[(.*)\]$/, '$1')
  const local = name === 'localhost' || name.endsWith('.localhost')
  const host = local ? '127.0.0.1' : name
  const port = Number(read.port || 443)
  return { host, port, origin: `https://${host.includes(':') ? `[${host}]` : host}:${port}` }
}

/** The certificate in a chain as sent whose fingerprint is the one wanted. */
function find(leaf: DetailedPeerCertificate, fingerprint: string): Uint8Array | undefined {
  const seen = new Set<DetailedPeerCertificate>()
  for (let at = leaf; at !== undefined && !seen.has(at); at = at.issuerCertificate) {
    if (at.raw === undefined) return undefined
    if (base64url(sha256(at.raw)) === fingerprint) return at.raw
    seen.add(at)
  }
  return undefined
}

function chain(
  to: { readonly host: string; readonly port: number; readonly servername: string },
  ms: number,
): Promise<DetailedPeerCertificate> {
  return new Promise((resolve, reject) => {
    // Unverified on purpose: this connection carries nothing, and only a root that matches the pin is taken from it.
    const { host, port } = to
    const socket = connect({ ...to, minVersion: 'TLSv1.3', rejectUnauthorized: false })
    const fail = (cause?: unknown): void => {
      socket.destroy()
      reject(fault('holder.unreachable', `no TLS 1.3 listener answers at ${host}:${port}`, cause))
    }
    socket.setTimeout(ms, () => fail())
    socket.once('error', fail)
    socket.once('secureConnect', () => {
      resolve(socket.getPeerCertificate(true))
      // Said goodbye to in order, so that the listener does not count it as a broken one.
      socket.resume()
      socket.end()
    })
  })
}

/**
 * Fetches the chain that the listener shows and keeps its root only if that is the pinned one. Whoever answers may be
 * anybody: the caller connects again, verifying against this root, before it says anything.
 */
export async function pinnedAuthority(url: string, fingerprint: string): Promise<PinnedAuthority> {
  const { host, port } = address(url)
  const servername = rootServerName(fingerprint)
  const der = find(await chain({ host, port, servername }, 10_000), fingerprint)
  if (der === undefined) {
    throw fault(
      'holder.wrong_authority',
      'the listener is not of the authority that made this join token',
    )
  }
  const root = new X509Certificate(der)
  const named = parseSpiffeId(root.subjectAltName?.replace(/^URI:/, '') ?? '')
  if (named?.kind !== 'domain') {
    throw fault(
      'holder.wrong_authority',
      'the pinned certificate is not the root of a trust domain',
    )
  }
  return { root: pem('CERTIFICATE', der), trustDomain: named.domain, serverName: servername }
}
