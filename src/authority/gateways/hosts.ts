// Holds the names under which a gateway is reached: what may stand in its certificate, and nothing that could be taken for another.

import { isIP } from 'node:net'
import type { AltName } from '../identity/extension.ts'
import { gatewayRegistryFault } from './faults.ts'

/** Names of one gateway. */
const MOST = 16
/** RFC 1123 §2.1, with a letter somewhere in the last label: nothing that looks like an address, no wildcard. */
const HOST =
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*(?=[a-z0-9-]*[a-z])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** Each checked, lower case, once. Throws `gateway.host`. */
export function checkedHosts(hosts: readonly string[]): readonly string[] {
  if (hosts.length > MOST) throw gatewayRegistryFault('gateway.host', `at most ${MOST} names`)
  const read = hosts.map((host) => host.toLowerCase())
  const wrong = read.find((host) => isIP(host) === 0 && !HOST.test(host))
  if (wrong !== undefined) {
    const shown = JSON.stringify(wrong.slice(0, 64))
    throw gatewayRegistryFault('gateway.host', `${shown} is no host and no address`)
  }
  return [...new Set(read)].sort()
}

/** As they stand in a certificate (RFC 5280 §4.2.1.6). */
export function altNamesOf(hosts: readonly string[]): AltName[] {
  return hosts.map((host) => {
    const kind = isIP(host)
    if (kind === 0) return { dns: host }
    return { ip: kind === 4 ? Uint8Array.from(host.split('.').map(Number)) : sixteen(host) }
  })
}

/** The octets of an IPv6 address (RFC 4291 §2.2). */
function sixteen(address: string): Uint8Array {
  const [before = '', after] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const words = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16))
  const [head, tail] = [words(before), after === undefined ? [] : words(after)]
  const all = [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
  return Uint8Array.from(all.flatMap((word) => [word >> 8, word & 0xff]))
}
