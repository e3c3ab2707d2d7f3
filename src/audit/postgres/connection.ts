// Holds one connection of the log to PostgreSQL: direct, bounded in every wait, and with numbers that are numbers.

import pg from 'pg'

import { Fault } from '../../std/fault.ts'
import { fault } from '../faults.ts'

/** Longest wait for a connection, and for the answer to one statement (ms). */
const CONNECT_MS = 3000
const ANSWER_MS = 10_000
/** OID of `bigint`, which the driver gives as text. */
const BIGINT = 20

/** What a column may be: text, whole numbers, bytes, booleans. */
export type Row = Readonly<Record<string, unknown>>

/**
 * A dead peer is noticed within seconds by either side, so that the lock of a machine that fell off the net is free again; and a
 * commit is on the database's disk, whatever the database's own default is.
 */
const SESSION =
  '-c synchronous_commit=on -c tcp_keepalives_idle=2 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3 ' +
  '-c tcp_user_timeout=5000 ' +
  '-c idle_in_transaction_session_timeout=5000'

/** A connection of its own, never from a pool: session locks and notifications belong to it. */
export class LogConnection {
  readonly #client: pg.Client
  #ended: Error | undefined

  private constructor(client: pg.Client) {
    this.#client = client
    client.on('error', (error) => (this.#ended ??= error))
    client.on('end', () => (this.#ended ??= new Error('the connection was closed')))
  }

  /** Connects. Throws `audit.unavailable` with a reason that holds no part of the address. */
  static async open(url: string, name: string): Promise<LogConnection> {
    const client = new pg.Client({
      connectionString: url,
      application_name: `bailiwick ${name}`,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: ANSWER_MS,
      statement_timeout: ANSWER_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: 2000,
      options: SESSION,
      types: { getTypeParser: parserOf },
    })
    const connection = new LogConnection(client)
    try {
      await client.connect()
    } catch (error) {
      client.end().catch(() => error)
      throw unavailable(error)
    }
    return connection
  }

  /** False once the connection is known to be gone. */
  get alive(): boolean {
    return this.#ended === undefined
  }

  /** Runs one statement, prepared under `name`. Throws `audit.unavailable`. */
  async rows(name: string, text: string, values: readonly unknown[] = []): Promise<Row[]> {
    try {
      const { rows } = await this.#client.query<Record<string, unknown>>({
        name,
        text,
        values: [...values],
      })
      return rows
    } catch (error) {
      throw unavailable(error)
    }
  }

  /** Hears what other processes say on a channel. */
  async listen(channel: string, hear: (word: string) => void, gone: () => void): Promise<void> {
    this.#client.on('notification', ({ payload }) => hear(payload ?? ''))
    this.#client.on('end', gone)
    this.#client.on('error', gone)
    await this.#client.query(`LISTEN ${channel}`).catch((error: unknown) => {
      throw unavailable(error)
    })
  }

  /** Ends it; what is under way fails. */
  async close(): Promise<void> {
    this.#ended ??= new Error('the connection was closed')
    await this.#client.end().catch(() => this.#ended)
  }
}

/** The column as a whole number. Throws `audit.corrupt` where it is none. */
export function numberOf(row: Row | undefined, column: string): number {
  const value = row?.[column]
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw fault('audit.corrupt', `the database gives no number for ${column}`)
}

/** The column as bytes. */
export function bytesOf(row: Row | undefined, column: string): Buffer {
  const value = row?.[column]
  if (Buffer.isBuffer(value)) return value
  throw fault('audit.corrupt', `the database gives no bytes for ${column}`)
}

/** The column as text. */
export function textOf(row: Row | undefined, column: string): string {
  const value = row?.[column]
  if (typeof value === 'string') return value
  throw fault('audit.corrupt', `the database gives no text for ${column}`)
}

function parserOf(oid: number, format?: 'text' | 'binary'): (text: string) => unknown {
  if (oid === BIGINT) return safeNumber
  return pg.types.getTypeParser(oid, format as 'text') as (text: string) => unknown
}

function safeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw fault('audit.corrupt', 'a number is too large')
  return value
}

/** SQLSTATE classes and error codes say what is wrong; messages may quote what is in the rows or in the address. */
function unavailable(error: unknown): Error {
  if (error instanceof Fault) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const why = REASONS[code] ?? (code === '' ? wordsOf(error) : `code ${code}`)
  return fault('audit.unavailable', `PostgreSQL does not take records: ${why}`, error)
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection is refused',
  ENOENT: 'its socket is not there',
  ETIMEDOUT: 'it does not answer',
  ENOTFOUND: 'its host has no address',
  '28P01': 'it refuses the password',
  '28000': 'it refuses this role',
  '3D000': 'the database does not exist',
  '3F000': 'the schema audit is missing; run bailiwick migrate',
  '42P01': 'the schema audit is missing; run bailiwick migrate',
  '42703': 'the schema audit is of another version; run bailiwick migrate',
  '42883': 'the schema audit is of another version; run bailiwick migrate',
  '42501': 'the role is not allowed to; run bailiwick migrate',
  '53100': 'its disk is full',
  '53300': 'it has no connection left',
  '57P01': 'it is being shut down',
  '57P03': 'it is starting up',
  '25006': 'it is read-only: a standby, not the primary',
}

function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  return /timeout/i.test(message) ? 'it does not answer in time' : 'the connection broke'
}
