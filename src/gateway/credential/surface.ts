// Holds a surface of the gateway: one listener, the addresses that are its own, and what it takes.

import { DpopChecks } from '../../wire/dpop-checks.ts'

/** One listener, as credentials see it. */
export interface Surface {
  /** TLS, where certificates can be shown; else plain HTTP on loopback, where they cannot. */
  readonly secure: boolean
  /** Port that it listens on, once it does. */
  port: number
  /** Proofs of this listener: its nonces and what was used up belong to no other. */
  readonly proofs: DpopChecks
  /** Names under which it is reached besides those of this machine, its own first; absent: none. */
  readonly hosts?: () => readonly string[]
  /** Why no call can go out now; undefined where it can. Absent: nobody asks. */
  readonly unready?: () => string | undefined
  /** URL of the authorization server (RFC 8414 §2), once it is known. */
  readonly issuer: () => string
  /** True where tokens that are bound to no key are taken. */
  readonly unbound: boolean
}

/** Names of this machine under which the listener is reached; the first is the one that it calls itself. */
const HOSTS = ['127.0.0.1', 'localhost', 'bailiwick.localhost'] as const

/** The origins of a surface, its own name first. Never taken from a request: no `Host` or `Forwarded` adds one. */
export function originsOf(surface: Pick<Surface, 'hosts' | 'secure' | 'port'>): readonly string[] {
  const scheme = surface.secure ? 'https' : 'http'
  return hostsOf(surface).map((host) => `${scheme}://${host}:${surface.port}`)
}

/** Only TLS is for other machines: what is plain is on loopback. */
function hostsOf({ hosts, secure }: Pick<Surface, 'hosts' | 'secure'>): readonly string[] {
  return secure ? [...(hosts?.() ?? []), ...HOSTS] : HOSTS
}

/** The origin that a `Host` header names, when it is one of the surface's own; undefined for any other. */
export function originNamed(
  surface: Pick<Surface, 'hosts' | 'secure' | 'port'>,
  host: string | undefined,
): string | undefined {
  const index = hostsOf(surface).findIndex((name) => `${name}:${surface.port}` === host)
  return index < 0 ? undefined : originsOf(surface)[index]
}
