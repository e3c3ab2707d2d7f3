// Holds what kind of place an address is: of the public internet, or of special use (RFC 6890 and its registries).

import { BlockList, isIPv4, isIPv6 } from 'node:net'

/**
 * IPv4: what the registry does not mark as globally reachable, multicast, and what was once 6to4's relay. Zeros at the end are left
 * out.
 */
const IPV4: readonly string[] = [
  '0/8',
  '10/8',
  '100.64/10',
  '127/8',
  '169.254/16',
  '172.16/12',
  '192/24',
  '192.0.2/24',
  '192.31.196/24',
  '192.52.193/24',
  '192.88.99/24',
  '192.168/16',
  '192.175.48/24',
  '198.18/15',
  '198.51.100/24',
  '203.0.113/24',
  '224/4',
  '240/4',
]

/** IPv6 within 2000::/3 that is special all the same; everything outside of it is. */
const IPV6: readonly (readonly [net: string, prefix: number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
]

/** Where clouds tell a machine its secrets: AWS, GCP, Azure and most others; ECS, EKS, Alibaba, Oracle, Azure's wire server. */
const METADATA: readonly string[] = [
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
]

/** The networks of a house and its links. */
const HOUSE: readonly string[] = ['10/8', '100.64/10', '169.254/16', '172.16/12', '192.168/16']
const HOUSE_IPV6: readonly (readonly [net: string, prefix: number])[] = [
  ['fc00::', 7],
  ['fe80::', 10],
]

function ranges(ipv4: readonly string[], ipv6: typeof IPV6): BlockList {
  const list = new BlockList()
  for (const range of ipv4) {
    const [net = '', prefix = ''] = range.split('/')
    list.addSubnet([...net.split('.'), 0, 0, 0].slice(0, 4).join('.'), Number(prefix), 'ipv4')
  }
  for (const [net, prefix] of ipv6) list.addSubnet(net, prefix, 'ipv6')
  return list
}

const special = ranges(IPV4, IPV6)

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

const global = new BlockList()
global.addSubnet('2000::', 3, 'ipv6')

/** True for an address that is not one of the public internet; for what is no address, too. */
export function isSpecialAddress(address: string): boolean {
  if (isIPv4(address)) return special.check(address, 'ipv4')
  // Everything that wraps an IPv4 address (mapped, compatible, NAT64) lies outside of 2000::/3, or is 6to4 or Teredo above.
  if (isIPv6(address)) return !global.check(address, 'ipv6') || special.check(address, 'ipv6')
  return true
}

/** True for an address of this machine itself. */
export function isLoopbackAddress(address: string): boolean {
  if (isIPv4(address)) return loopback.check(address, 'ipv4')
  return isIPv6(address) && loopback.check(address, 'ipv6')
}

/**
 * What an address is to somebody who was told to connect to it: `public`; `loopback`; `private` (the networks of a house and its links:
 * RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291 §2.5.6, and NAT64 of a public address); `metadata`, where clouds hand credentials
 * to whoever asks from inside; `never` for everything that no system has for its address, what is no address among it.
 */
export type AddressKind = 'public' | 'loopback' | 'private' | 'metadata' | 'never'

const metadata = new BlockList()
for (const address of METADATA) metadata.addAddress(address, isIPv6(address) ? 'ipv6' : 'ipv4')

const house = ranges(HOUSE, HOUSE_IPV6)
const nat64 = ranges([], [['64:ff9b::', 96]])
const ipv4Mapped = ranges([], [['::ffff:0:0', 96]])

/** The kind of an address as text; a zone (`%eth0`) makes it `never`. */
export function addressKind(address: string): AddressKind {
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) && !address.includes('%') ? 'ipv6' : ''
  if (family === '') return 'never'
  if (metadata.check(address, family) && !mapped(address)) return 'metadata'
  if (!isSpecialAddress(address)) return 'public'
  // A wrapped IPv4 address is compared with IPv4 ranges too: nobody has it for the address of a system.
  if (mapped(address)) return 'never'
  if (isLoopbackAddress(address)) return 'loopback'
  if (family === 'ipv6' && nat64.check(address, family)) {
    return isSpecialAddress(embedded(address)) ? 'never' : 'private'
  }
  return house.check(address, family) ? 'private' : 'never'
}

const linkLocal = ranges(['169.254/16'], [['fe80::', 10]])

/** True for an address that holds on one link alone (RFC 3927, RFC 4291 §2.5.6): no service is named by one in a configuration. */
export function isLinkLocalAddress(address: string): boolean {
  if (isIPv4(address)) return linkLocal.check(address, 'ipv4')
  return isIPv6(address) && linkLocal.check(address, 'ipv6')
}

function mapped(address: string): boolean {
  return isIPv6(address) && ipv4Mapped.check(address, 'ipv6')
}

/** The IPv4 address in the last 32 bits (RFC 6052 §2.2). */
function embedded(address: string): string {
  // The host of a URL has the one form of its address (WHATWG URL §3.5), whose last two pieces are those bits.
  const pieces = new URL(`http://[${address}]`).hostname.slice(1, -1).split(':')
  const [high = '', low = ''] = pieces.slice(-2)
  const bits = [Number.parseInt(high || '0', 16), Number.parseInt(low || '0', 16)]
  return bits.flatMap((piece) => [piece >> 8, piece & 255]).join('.')
}
