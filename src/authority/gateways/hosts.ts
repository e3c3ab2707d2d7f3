// Holds the names under which a gateway is reached: what may stand in its certificate, and nothing that could be taken for another.

import { BlockList, isIP } from 'node:net'
import type { AltName } from '../identity/extension.ts'
import { gatewayRegistryFault } from './faults.ts'

/** Names of one gateway. */
const MOST = 16
/** RFC 1123 §2.1, with a letter somewhere in the last label: nothing that looks like an address, no wildcard. */
const HOST =
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*(?=[a-z0-9-]*[a-z])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** Addresses of no single machine, and IPv4 addresses in other words (RFC 6890, RFC 4291 §2.5.5). */
const NOWHERE = new BlockList()
NOWHERE.addSubnet('0.0.0.0', 8)
NOWHERE.addSubnet('224.0.0.0', 3)
NOWHERE.addSubnet('ff00::', 8, 'ipv6')
NOWHERE.addSubnet('::', 128, 'ipv6')
NOWHERE.addSubnet('64:ff9b::', 96, 'ipv6')

/** Each checked, in one spelling, once. Throws `gateway.host`. */
export function checkedHosts(hosts: readonly string[]): readonly string[] {
  if (hosts.length > MOST) throw gatewayRegistryFault('gateway.host', `at most ${MOST} names`)
  return [...new Set(hosts.map(checkedHost))].sort()
}

function checkedHost(text: string): string {
  // No other script has letters that become one of ours when they are made small.
  const host = /^[!-~]*$/.test(text) ? text.toLowerCase() : ''
  switch (isIP(host)) {
    case 4:
      if (!NOWHERE.check(host)) return host
      break
    case 6: {
      // A zone means something on one machine alone.
      const spelled = host.includes('%') ? '' : words(host).join(':')
      if (spelled !== '' && !spelled.startsWith('0:0:0:0:0:ffff:') && !isNowhere(host)) {
        return new URL(`http://[${host}]`).hostname.slice(1, -1)
      }
      break
    }
    default:
      if (HOST.test(host) && !isOwn(host)) return host
  }
  const shown = JSON.stringify(text.slice(0, 64))
  throw gatewayRegistryFault('gateway.host', `${shown} is no host and no address of one machine`)
}

function isNowhere(address: string): boolean {
  return NOWHERE.check(address, 'ipv6')
}

/** Names of the machine itself, which every gateway has; below them control and the authority are told by theirs. */
function isOwn(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost')
}

/** As they stand in a certificate (RFC 5280 §4.2.1.6). */
export function altNamesOf(hosts: readonly string[]): AltName[] {
  return hosts.map((host) => {
    const kind = isIP(host)
    if (kind === 0) return { dns: host }
    if (kind === 4) return { ip: Uint8Array.from(host.split('.').map(Number)) }
    const all = words(host).map((word) => Number.parseInt(word, 16))
    return { ip: Uint8Array.from(all.flatMap((word) => [word >> 8, word & 0xff])) }
  })
}

/** The eight words of an IPv6 address, hexadecimal (RFC 4291 §2.2). */
function words(address: string): readonly string[] {
  const [before = '', after] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const split = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const [head, tail] = [split(before), split(after ?? '')]
  return [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail]
}
