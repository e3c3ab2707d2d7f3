// Holds where a connection may go: every address of a host is judged before one of them is connected to.

import { isIP } from 'node:net'
import { Fault } from '../../std/fault.ts'
import { addressKind } from '../../std/special-address.ts'
import type { Reach } from '../../wire/system.ts'
import { netFault } from './faults.ts'

/** One address of a host. */
export interface Address {
  readonly address: string
  readonly family: 4 | 6
}

/** Addresses of a host name; rejects where there are none. */
export type Resolve = (host: string) => Promise<readonly Address[]>

/** What is allowed of a connection, and whether it is one without TLS. */
export interface Passage {
  readonly reach: Reach
  readonly clear: boolean
}

/** The host of a URL as it is connected to: an IPv6 address without its brackets. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '')
}

/** Why an address must not be connected to; undefined where it may. */
function refusedAddress(address: string, { reach, clear }: Passage): Fault | undefined {
  const kind = addressKind(address)
  if (kind === 'metadata') {
    return netFault('net.metadata', 'the host is one where machines are told their credentials')
  }
  if (kind === 'never' || (kind !== 'public' && reach.private !== true)) {
    return netFault('net.address', 'the host has an address that is not on the public internet')
  }
  if (clear && kind !== 'loopback' && reach.clearText !== true) {
    return netFault('net.clear_text', 'the host is beyond this machine and spoken to without TLS')
  }
  return undefined
}

/**
 * The addresses that a host may be connected to by. It is looked up once, and one address that is refused refuses all of them: who
 * mixes a private address among public ones means the private one. Throws `net.resolve`, and what `refusedAddress` says.
 */
export async function reachable(
  host: string,
  passage: Passage,
  resolve: Resolve,
): Promise<readonly Address[]> {
  const found = await addressesOf(host, resolve)
  if (found.length === 0) throw netFault('net.resolve', 'the name of the host has no address')
  for (const { address } of found) {
    const refused = refusedAddress(address, passage)
    if (refused !== undefined) throw refused
  }
  return found
}

async function addressesOf(host: string, resolve: Resolve): Promise<readonly Address[]> {
  const family = isIP(host)
  if (family !== 0) return [{ address: host, family: family === 4 ? 4 : 6 }]
  try {
    return await resolve(host)
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw netFault('net.resolve', 'the name of the host cannot be resolved', cause)
  }
}

/**
 * Reads where a connection goes, and refuses at once what no look-up is needed for. Throws `net.url`, and for a literal address
 * what `refusedAddress` says.
 */
export function readTarget(target: URL | string, reach: Reach): URL {
  const url = typeof target === 'string' ? parsed(target) : target
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw netFault('net.url', 'this is no http or https URL')
  }
  if (url.username !== '' || url.password !== '' || url.hash !== '' || url.hostname === '') {
    throw netFault('net.url', 'the URL has a user, a password or a fragment, or no host')
  }
  const host = hostOf(url)
  const clear = url.protocol === 'http:'
  if (isIP(host) !== 0) {
    const refused = refusedAddress(host, { reach, clear })
    if (refused !== undefined) throw refused
  }
  return url
}

function parsed(text: string): URL {
  if (!URL.canParse(text)) throw netFault('net.url', 'this is no URL')
  return new URL(text)
}
