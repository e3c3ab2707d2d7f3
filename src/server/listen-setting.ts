// Holds where the listeners are: on loopback unless somebody says otherwise, and then under names that are known beforehand.

import { isIP } from 'node:net'
import { checkedHosts } from '../authority/gateways/hosts.ts'
import { isLoopbackAddress } from '../std/special-address.ts'
import { publicFault } from '../std/fault.ts'
import { serverFault } from './faults.ts'

/** Port of the control listener for a terminator of TLS, beside the one on loopback. */
const PUBLIC_CONTROL_PORT = 7403

type Environment = Readonly<Record<string, string | undefined>>

/** The control listener that others than this machine reach, through whatever ends their TLS. */
export interface PublicControl {
  /** An address of this machine. */
  readonly host: string
  readonly port: number
  /** What people have in their browser: the one `Host` and `Origin` that it answers to. */
  readonly origin: string
}

/** Where listeners are. */
export interface ListenSetting {
  /** Address of the identity listener, the gateway with TLS, and the one for gateways. */
  readonly host: string
  /** Names under which others reach those: they stand in certificates, the first in URLs. Empty: this machine alone does. */
  readonly names: readonly string[]
  readonly publicControl: PublicControl | undefined
}

/**
 * Reads it. The control listener on loopback, and the gateway's without TLS, are not asked for: they are on 127.0.0.1 whatever is
 * said. Throws `server.setting`.
 */
export function listenSetting(environment: Environment): ListenSetting {
  const host = address(environment, 'BAILIWICK_HOST')
  const said = environment['BAILIWICK_NAMES'] ?? ''
  let names = said === '' ? [] : said.split(',').map((name) => name.trim())
  try {
    // In the order in which they were said: the first is what others are told.
    checkedHosts(names)
    names = [...new Set(names.flatMap((name) => checkedHosts([name])))]
  } catch (cause) {
    throw serverFault('server.setting', `BAILIWICK_NAMES: ${publicFault(cause).detail}`, cause)
  }
  if (names.length === 0 && !isLoopbackAddress(host)) {
    // An address that stands for every interface is nobody's name.
    if (/^[0:.]+$/.test(host)) {
      const why =
        'BAILIWICK_NAMES says under which names others reach what listens on BAILIWICK_HOST'
      throw serverFault('server.setting', why)
    }
    names = [host]
  }
  return { host, names, publicControl: publicControl(environment) }
}

/** The name by which a listener is told of, as a URL has it. */
export function ownName({ host, names }: ListenSetting): string {
  const name = names[0] ?? host
  return isIP(name) === 6 ? `[${name}]` : name
}

/** Nobody's password or session crosses a network in the clear: off loopback it is TLS or nothing, for one origin that is known. */
function publicControl(environment: Environment): PublicControl | undefined {
  const host = address(environment, 'BAILIWICK_CONTROL_HOST')
  const origin = environment['BAILIWICK_CONTROL_ORIGIN'] ?? ''
  if (origin === '') {
    if (isLoopbackAddress(host)) return undefined
    const why =
      'BAILIWICK_CONTROL_HOST needs BAILIWICK_CONTROL_ORIGIN, the https origin that people have in their browser'
    throw serverFault('server.setting', why)
  }
  const url = URL.parse(origin)
  const plain = url?.hostname.replace(/^\[|\]$/g, '') ?? ''
  if (url?.protocol !== 'https:' || url.origin !== origin || isIP(plain) !== 0) {
    const why =
      'BAILIWICK_CONTROL_ORIGIN is like https://bailiwick.example.com, a name and no address'
    throw serverFault('server.setting', why)
  }
  const text = environment['BAILIWICK_CONTROL_TLS_PORT'] ?? ''
  const port = text === '' ? PUBLIC_CONTROL_PORT : Number(text)
  if (!/^\d{0,5}$/.test(text) || port > 65_535) {
    throw serverFault(
      'server.setting',
      'BAILIWICK_CONTROL_TLS_PORT is a whole number from 0 to 65535',
    )
  }
  return { host, port, origin }
}

/** An address and no name: what a name stands for may change under a process that runs. */
function address(environment: Environment, name: string): string {
  const text = environment[name] || '127.0.0.1'
  if (isIP(text) !== 0) return text
  throw serverFault('server.setting', `${name} is an IP address of this machine`)
}
