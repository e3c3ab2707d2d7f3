// Holds Cedar's IP addresses and ranges: one family each, a prefix, and what ranges hold.

import { refused } from './trouble.ts'

const V4 = /^(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})$/
const GROUP = /^[0-9A-Fa-f]{1,4}$/
const PREFIX = /^(?:0|[1-9][0-9]*)$/

/** An address, or the range that it names with its prefix. */
export class IpAddr {
  readonly name = 'ipaddr'
  readonly bits: 32 | 128
  readonly address: bigint
  readonly prefix: number
  readonly key: string

  constructor(bits: 32 | 128, address: bigint, prefix: number) {
    this.bits = bits
    this.address = address
    this.prefix = prefix
    this.key = `ip ${bits} ${address} ${prefix}`
  }

  /** Reads `10.0.0.0/8` or `::1`. Throws Trouble. */
  static read(text: string): IpAddr {
    return read(text) ?? refused('ipaddr', 'invalid IP address')
  }

  isIpv4(): boolean {
    return this.bits === 32
  }

  isIpv6(): boolean {
    return this.bits === 128
  }

  isLoopback(): boolean {
    return this.bits === 32
      ? this.address >> 24n === 127n && this.prefix >= 8
      : this.address === 1n && this.prefix === 128
  }

  isMulticast(): boolean {
    return this.bits === 32
      ? this.address >> 28n === 14n && this.prefix >= 4
      : this.address >> 120n === 255n && this.prefix >= 8
  }

  /** True when every address of this one is one of the other's. */
  isInRange(other: IpAddr): boolean {
    if (this.bits !== other.bits || this.prefix < other.prefix) return false
    const rest = BigInt(this.bits - other.prefix)
    return this.address >> rest === other.address >> rest
  }

  /** As it is read: always with its prefix, and IPv6 without abbreviation. */
  text(): string {
    const [width, parts, base] = this.bits === 32 ? ([8n, 4, 10] as const) : ([16n, 8, 16] as const)
    const groups = Array.from({ length: parts }, (_, at) => {
      const group = (this.address >> (width * BigInt(parts - 1 - at))) & ((1n << width) - 1n)
      return group.toString(base)
    })
    return `${groups.join(this.bits === 32 ? '.' : ':')}/${this.prefix}`
  }
}

function read(text: string): IpAddr | undefined {
  if (text.includes('.') && text.includes(':')) return undefined
  const slash = text.indexOf('/')
  const host = slash < 0 ? text : text.slice(0, slash)
  const bits = host.includes(':') ? 128 : 32
  const address = bits === 32 ? readV4(host) : readV6(host)
  if (address === undefined) return undefined
  const prefix = slash < 0 ? bits : readPrefix(text.slice(slash + 1), bits)
  return prefix === undefined ? undefined : new IpAddr(bits, address, prefix)
}

function readPrefix(text: string, bits: number): number | undefined {
  if (text.length > 3 || !PREFIX.test(text) || Number(text) > bits) return undefined
  return Number(text)
}

function readV4(text: string): bigint | undefined {
  const octets = V4.exec(text)?.slice(1).map(Number)
  if (octets === undefined || octets.some((octet) => octet > 255)) return undefined
  return octets.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n)
}

function readV6(text: string): bigint | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const given = [...head!, ...(tail ?? [])]
  if (!given.every((group) => GROUP.test(group))) return undefined
  if (tail === undefined ? given.length !== 8 : given.length > 7) return undefined
  const zeros = Array.from({ length: 8 - given.length }, () => '0')
  return [...head!, ...zeros, ...(tail ?? [])].reduce(
    (sum, group) => (sum << 16n) | BigInt(`0x${group}`),
    0n,
  )
}
