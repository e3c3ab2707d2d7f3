// Holds connections of an instance to our listeners: pinned root, our own certificate, and a server that is who it should be.

import type { PeerCertificate } from 'node:tls'
import { Agent } from 'undici'
import { parseSpiffeId, spiffeId, type ServerRole } from '../../wire/spiffe.ts'
import { fault } from './faults.ts'
import type { PinnedAuthority } from './pin.ts'

/** A certificate and its key, PEM; absent before enrolment. */
export interface ClientCredential {
  readonly key: string
  readonly cert: string
}

/** Options of a TLS connection to a listener of ours, for `tls.connect` and everything that passes them on. */
export interface ConnectOptions {
  readonly ca: string
  readonly servername?: string
  readonly key?: string
  readonly cert?: string
  readonly minVersion: 'TLSv1.3'
  readonly rejectUnauthorized: true
  readonly checkServerIdentity: (host: string, certificate: PeerCertificate) => Error | undefined
}

/**
 * Accepts a server by its SPIFFE ID instead of its host name: instances have certificates of the same root that serve TLS
 * too, and none of them may pass for the gateway; and a listener may be reached under any address.
 */
function expecting(domain: string, role: ServerRole): ConnectOptions['checkServerIdentity'] {
  const id = spiffeId({ kind: 'server', domain, role })
  return (_host, certificate) => {
    const text = certificate.subjectaltname ?? ''
    const uris = text.split(', ').filter((name) => name.startsWith('URI:'))
    // A quoted name is one that could look like several; no certificate of ours has any.
    if (!text.includes('"') && uris.length === 1) {
      if (uris[0] === `URI:${id}`) return undefined
      // A gateway that runs on its own has a name; any of this domain is one.
      const named = parseSpiffeId(uris[0]?.slice(4) ?? '')
      if (role === 'gateway' && named?.kind === 'gateway' && named.domain === domain)
        return undefined
    }
    return fault('holder.wrong_authority', `the server is not ${id}`)
  }
}

/** TLS options to a listener of the given role. */
export function connectOptions(
  authority: PinnedAuthority,
  role: ServerRole,
  credential?: ClientCredential,
): ConnectOptions {
  return {
    ca: authority.root,
    ...(role === 'identity' ? { servername: authority.serverName } : {}),
    ...(credential === undefined ? {} : { key: credential.key, cert: credential.cert }),
    minVersion: 'TLSv1.3',
    rejectUnauthorized: true,
    checkServerIdentity: expecting(authority.trustDomain, role),
  }
}

/** A pool of connections to listeners of the given role. */
export function pool(
  authority: PinnedAuthority,
  role: ServerRole,
  credential?: ClientCredential,
): Agent {
  return new Agent({ connect: { ...connectOptions(authority, role, credential), timeout: 10_000 } })
}
