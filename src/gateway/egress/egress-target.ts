// Holds where a request of an agent is to go, read once: what is decided on is what is connected to.

import type { IncomingMessage } from 'node:http'
import { hostAndPort } from './host-list.ts'

/** The parts of an absolute URL, as they are decided on. */
export interface WebTarget {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
  /** Begins with a slash; as it was written, with escapes. */
  readonly path: string
  /** Without its question mark; absent where there is none. */
  readonly query?: string
}

/** The host and port of `CONNECT host:port` (RFC 9110 §9.3.6); undefined for what is none. */
export function connectTarget(
  url: string | undefined,
): { readonly host: string; readonly port: number } | undefined {
  const read = hostAndPort(url ?? '')
  return read?.port === undefined ? undefined : { host: read.host, port: read.port }
}

/** Reads the absolute form of a request to a proxy (RFC 9112 §3.2.2); undefined for what cannot be read in one way alone. */
export function absoluteTarget(url: string): WebTarget | undefined {
  const match = /^(https?):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?$/i.exec(url)
  if (match === null) return undefined
  const scheme = match[1]!.toLowerCase() === 'https' ? 'https' : 'http'
  const read = hostAndPort(match[2]!)
  if (read === undefined || !isPlain(match[3]!) || !isPlain(match[4] ?? '')) return undefined
  const path = match[3] === '' ? '/' : match[3]!
  if (!path.startsWith('/') || hasDots(path)) return undefined
  const { host, port = scheme === 'https' ? 443 : 80 } = read
  return { scheme, host, port, path, ...(match[4] !== undefined && { query: match[4] }) }
}

/** True for a request whose target is a whole URL: one to a proxy, and not to us. */
export function isProxied({ url = '' }: IncomingMessage): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(url)
}

/** Visible ASCII without what URLs escape. */
function isPlain(text: string): boolean {
  return /^[\x21-\x7e]*$/.test(text) && !/[\\"<>^`{|}]/.test(text)
}

/** Segments `.` and `..`, written out or escaped: some servers follow them, and a policy would speak of another path. */
function hasDots(path: string): boolean {
  return path.split('/').some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))
}
