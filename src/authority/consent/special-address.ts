// Holds the addresses that nobody may have us ask: those of special use (RFC 6890 and its registries).

import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** IPv4: what the registry does not mark as globally reachable, multicast, and what was once 6to4's relay. */
const IPV4: readonly (readonly [net: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
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
for (const [net, prefix] of IPV4) special.addSubnet(net, prefix, 'ipv4')
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
