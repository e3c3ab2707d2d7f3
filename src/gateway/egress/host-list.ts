// Holds the hosts that a system declares: names with or without a port, as its registration lists them.

import { isIP } from 'node:net'

/** Ports of a host; `any` where none was named. */
export type HostList = ReadonlyMap<string, ReadonlySet<number> | 'any'>

/** Reads `name`, `name:port`, `1.2.3.4:port` and `[::1]:port`; what is none of these is left out, which allows less. */
export function hostList(entries: readonly string[]): HostList {
  const out = new Map<string, Set<number> | 'any'>()
  for (const entry of entries) {
    const read = hostAndPort(entry)
    if (read === undefined) continue
    const { host, port } = read
    const ports = out.get(host)
    if (port === undefined || ports === 'any') out.set(host, 'any')
    else out.set(host, (ports ?? new Set()).add(port))
  }
  return out
}

/** True where the list has this host and port. */
export function isListed(list: HostList, host: string, port: number): boolean {
  const ports = list.get(host)
  return ports === 'any' || ports?.has(port) === true
}

/** The labels of a name (RFC 1123 §2.1), and underscores, which service names have. */
const NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/

/**
 * A host in small letters without its last dot, and its port. Undefined for what is no host: also for numbers that some programs read as
 * addresses (`0x7f.1`, `2130706433`), as nobody could tell which of the two is meant.
 */
export function hostAndPort(text: string): { host: string; port: number | undefined } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^[\]:\s/]+))(?::(\d{1,5}))?$/.exec(text)
  if (match === null) return undefined
  const port = match[3] === undefined ? undefined : Number(match[3])
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined
  if (match[1] !== undefined) {
    return isIP(match[1]) === 6 ? { host: canonicalV6(match[1]), port } : undefined
  }
  const host = match[2]!.toLowerCase().replace(/\.$/, '')
  if (isIP(host) === 4) return { host, port }
  if (!NAME.test(host) || /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(host)) return undefined
  return { host, port }
}

function canonicalV6(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1)
}
