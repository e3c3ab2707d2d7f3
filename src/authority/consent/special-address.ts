// Holds the addresses that nobody may have us ask: those of special use (RFC 6890 and its registries).

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

const special = new BlockList()
for (const range of IPV4) {
  const [net = '', prefix = ''] = range.split('/')
  special.addSubnet([...net.split('.'), 0, 0, 0].slice(0, 4).join('.'), Number(prefix), 'ipv4')
}
for (const [net, prefix] of IPV6) special.addSubnet(net, prefix, 'ipv6')

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
