// Holds what an error on the way to PostgreSQL is to callers: a stable code and what to do, or itself where it is a bug of ours.

import { Fault, faults } from '../../std/fault.ts'
import { STORE_FAULTS } from '../faults.ts'

const fault = faults(STORE_FAULTS)

/** Conditions of PostgreSQL under which the same may be tried again later: connection, shutdown, resources, a lock that took too long. */
const LATER = /^(?:08...|53...|57P0[1-5]|55P03|57014|25P03)$/
/** Codes of the operating system, and of name servers. */
const NETWORK = /^(?:E[A-Z]+|EAI_[A-Z]+)$/
/** Codes of Node for a certificate that does not hold, and for a handshake that failed. */
const TLS =
  /^(?:EPROTO|ERR_SSL_.*|ERR_TLS_.*|CERT_.*|CRL_.*|.*_(?:ISSUER|SIGNATURE|CERT|CERT_LOCALLY|CERT_IN_CHAIN)|HOSTNAME_MISMATCH|INVALID_CA)$/
const LOST = /^(?:Connection terminated|timeout exceeded|Client has encountered|Client was closed)/

type Code = keyof typeof STORE_FAULTS
/** Conditions that have a next step of their own, by SQLSTATE. */
const OWN: Readonly<Record<string, readonly [Code, string]>> = {
  '25006': ['store.read_only', 'the database takes no writes: it is a replica, or set read-only'],
  '28000': ['store.login', 'the database does not let this role in from here'],
  '28P01': ['store.login', 'the database refuses the password of this role'],
  '3D000': ['store.no_database', 'there is no database of this name'],
  '42501': ['store.denied', 'the role of DATABASE_URL may not do what Bailiwick has to'],
  '53300': ['store.connections', 'the database has no connection left'],
}

/** What is known of a condition that passes by itself. */
const WHY: Readonly<Record<string, string>> = {
  '53100': 'its disk is full',
  '53200': 'it is out of memory',
  '55P03': 'a lock took too long',
  '57014': 'a statement took too long',
  '57P01': 'it is being shut down',
  '57P02': 'it has crashed',
  '57P03': 'it is starting or shutting down',
  ECONNREFUSED: 'the connection is refused',
  ENOENT: 'its socket is not there',
  ENOTFOUND: 'its host has no address',
}

/**
 * What an error of the driver is to callers: the fault of this store that says what to do, or itself where it is a bug and not an
 * outage. Never a URL, nor what PostgreSQL quotes.
 */
export function asStoreFault(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof Fault) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const own = OWN[code]
  if (own !== undefined) return fault(own[0], `${own[1]} (${code})`, error)
  if (TLS.test(code)) {
    return fault('store.tls', `the certificate of the database does not hold (${code})`, error)
  }
  if (error.message.startsWith('The server does not support SSL')) {
    return fault('store.tls', 'the database speaks no TLS', error)
  }
  if (!LOST.test(error.message) && !LATER.test(code) && !NETWORK.test(code)) return error
  const why = WHY[code]
  const words = why === undefined ? '' : `: ${why}`
  return fault(
    'store.unavailable',
    `the database does not answer (${code || 'connection lost'})${words}`,
    error,
  )
}

/** Codes under which who waits for a database goes on waiting: it restarts, fails over, or is full for a moment. */
const PASSING: ReadonlySet<string> = new Set<Code>([
  'store.unavailable',
  'store.connections',
  'store.read_only',
])

/** Whether a fault of this store passes by itself. */
export function isPassing(error: unknown): boolean {
  return error instanceof Fault && PASSING.has(error.code)
}
