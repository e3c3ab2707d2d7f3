// Holds the settings of a gateway that runs on its own.

import type { Leases } from './locks.ts'
import { LEASE_MS } from '../gateway-ports.ts'
import { serverFault } from '../faults.ts'

/** The longest lease that any call may have (ms). */
const MOST_LEASE_MS = 60_000

/** Everything that its start is told. */
export interface GatewaySettings {
  readonly home: string
  /** `host:port` of every control; one of them has its turn. */
  readonly control: readonly string[]
  /** For TLS. */
  readonly host: string
  readonly port: number
  /** For tokens without TLS, on loopback; undefined: there is none. */
  readonly plainPort: number | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly logFile: string | undefined
  readonly holdMs: number
  readonly leases: Leases
  readonly upstreamSandbox: 'require' | 'prefer' | 'off'
}

/** `host:port`, separated by commas. Throws `server.setting`. */
export function controlAddresses(text: string): readonly string[] {
  const addresses = text.split(',').map((one) => one.trim())
  for (const one of addresses) {
    const at = one.lastIndexOf(':')
    const port = Number(one.slice(at + 1))
    if (at < 1 || !/^\d{1,5}$/.test(one.slice(at + 1)) || port < 1 || port > 65_535) {
      const shown = JSON.stringify(one.slice(0, 64))
      throw serverFault('server.setting', `${shown} is not the address of a control, host:port`)
    }
  }
  return addresses
}

/** How long calls go on where control is not heard: those that only read may have longer. Throws `server.setting`. */
export function leasesOf(environment: GatewaySettings['environment']): Leases {
  const seconds = (name: string, otherwise: number): number => {
    const text = environment[name] ?? ''
    const ms = text === '' ? otherwise : Number(text) * 1_000
    if (Number.isFinite(ms) && ms >= 1_000 && ms <= MOST_LEASE_MS) return ms
    throw serverFault('server.setting', `${name} is a number of seconds from 1 to 60`)
  }
  const otherwise = seconds('BAILIWICK_LEASE_S', LEASE_MS)
  return { otherwise, reads: Math.max(otherwise, seconds('BAILIWICK_READ_LEASE_S', otherwise)) }
}
