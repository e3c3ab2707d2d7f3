// Holds the connections to PostgreSQL: bounded in number and time, exact in 64-bit integers, and safe on the way.

import { Client, Pool, types, type ClientConfig } from 'pg'
import { faults } from '../../std/fault.ts'
import { STORE_FAULTS } from '../faults.ts'
import { asStoreFault } from './outage.ts'

const fault = faults(STORE_FAULTS)

/** Schema of everything that the store keeps. */
export const STORE_SCHEMA = 'bailiwick'
/** Connections of one process. The store is one writer at a time: more would only wait. */
const CONNECTIONS = 8
const CONNECT_MS = 5_000
const STATEMENT_MS = 15_000
const LOCK_MS = 10_000
const IDLE_MS = 30_000
/**
 * The server notices within seconds that a machine fell off the net, so that what its connection held is free again: without it the
 * turn of a dead process would last for hours. On a socket of the same machine there is nothing to notice, and these say nothing.
 */
const DEAD_PEERS =
  '-c tcp_keepalives_idle=2 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3 -c tcp_user_timeout=5000'
/** PostgreSQL's type of 64-bit integers. */
const INT8 = 20

/** Settings of a connection. Throws `store.database_url` for a URL that is none, or that would carry rows in clear text. */
export function connectionConfig(url: string): ClientConfig {
  checkUrl(url)
  const config: ClientConfig = {
    connectionString: url,
    application_name: 'bailiwick',
    options: `-c search_path=${STORE_SCHEMA} ${DEAD_PEERS}`,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    // Beyond what the server keeps to: packets that are dropped get no answer from it.
    query_timeout: STATEMENT_MS + LOCK_MS,
    lock_timeout: LOCK_MS,
    idle_in_transaction_session_timeout: IDLE_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 2_000,
    types: { getTypeParser },
  }
  checkWay(config, url)
  return config
}

/** A pool of connections. What breaks while nobody uses it is no error of anybody's: the next one is a new connection. */
export function openPool(url: string): Pool {
  const pool = new Pool({ ...connectionConfig(url), max: CONNECTIONS, idleTimeoutMillis: IDLE_MS })
  pool.on('error', () => undefined)
  // The pool listens while a connection is idle alone: between two statements of a transaction it is nobody's, and its end would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

/** One connection of its own, for what lasts as long as the connection. Throws `store.unavailable`. */
export async function openClient(url: string): Promise<Client> {
  const client = new Client(connectionConfig(url))
  // Told by `end` as well; without a listener it would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  } catch (error) {
    throw asStoreFault(error)
  }
}

/** 64-bit integers are exact numbers or an error; the rest is as the driver reads it. */
function getTypeParser(oid: number, format?: 'text' | 'binary'): (text: string) => unknown {
  if (oid !== INT8 || format === 'binary') return types.getTypeParser(oid, format) as never
  return (text) => {
    const value = Number(text)
    if (Number.isSafeInteger(value)) return value
    throw fault('store.unsigned_row', 'a number in the database is larger than any of ours')
  }
}

/** What a URL may say beside host and database; everything else that the driver would take from it is ours to set. */
const PARAMETERS: ReadonlySet<string> = new Set([
  'host',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
])

/** Throws `store.database_url` for a URL that is none, or that says what it may not, or twice. */
function checkUrl(url: string): void {
  if (!URL.canParse(url)) throw fault('store.database_url', 'DATABASE_URL is no URL')
  const { protocol, searchParams } = new URL(url)
  if (!['postgres:', 'postgresql:'].includes(protocol)) {
    throw fault('store.database_url', 'DATABASE_URL begins with postgresql://')
  }
  const names = [...searchParams.keys()]
  const odd = names.some((name, i) => !PARAMETERS.has(name) || names.indexOf(name) !== i)
  if (odd || searchParams.get('host') === '') {
    throw fault(
      'store.database_url',
      `DATABASE_URL says ${[...PARAMETERS].join(', ')} at most, each once`,
    )
  }
}

/**
 * Rows leave this machine under TLS, to the server that the certificate names (libpq `sslmode=verify-full`). Judged is what the driver made
 * of the URL and of its environment, and not the URL: it is the driver that connects.
 */
function checkWay(config: ClientConfig, url: string): void {
  const host = hostOf(config)
  if (host.startsWith('/') || ['localhost', '127.0.0.1', '::1', '[::1]'].includes(host)) return
  const named = URL.canParse(url) && new URL(url).searchParams.get('sslmode') === 'verify-full'
  if (named && new URL(url).hostname !== '') return
  throw fault('store.database_url', 'a database on another machine needs sslmode=verify-full')
}

function hostOf(config: ClientConfig): string {
  try {
    return new Client(config).host
  } catch (error) {
    const what = 'a file that DATABASE_URL names (sslrootcert, sslcert, sslkey) cannot be read'
    throw fault('store.database_url', what, error)
  }
}
