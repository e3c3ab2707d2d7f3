// Holds who is attached to the log in PostgreSQL: one process for each name, and all of them to the same log.

import { setTimeout as pause } from 'node:timers/promises'

import { fault } from '../faults.ts'
import type { LogWriterOptions } from '../log-writer.ts'
import { numberOf, textOf, type LogConnection } from './connection.ts'
import { AUDIT_SCHEMA_VERSION } from './tables.ts'

/** First number of the advisory locks that stand for names of gateways. */
const NAME_LOCK = 0x62_77_02
/** A process that died a moment ago may still hold its name: the server has to notice (attempts, ms between two). */
const ATTEMPTS = 15
const ATTEMPT_MS = 200

/** Throws `audit.key` where the database holds another log than this home, `audit.newer` where it is of a later version. */
export async function refuseOther(
  connection: LogConnection,
  { origin, vkey }: LogWriterOptions,
): Promise<void> {
  const [version] = await connection.rows('version', 'SELECT version FROM audit.log')
  if (numberOf(version, 'version') > AUDIT_SCHEMA_VERSION) {
    throw fault('audit.newer', 'the schema audit was made by a newer version of bailiwick')
  }
  const text = 'SELECT origin, vkey FROM audit.begin_log($1, $2)'
  const [log] = await connection.rows('begin', text, [origin, vkey])
  if (textOf(log, 'origin') !== origin) {
    throw fault('audit.key', `the database holds the log ${textOf(log, 'origin')}, not ${origin}`)
  }
  if (textOf(log, 'vkey') === vkey) return
  throw fault('audit.key', 'the database holds a log of another key; every home has the same keys')
}

/**
 * Takes the name for as long as the connection lives. Throws `audit.fenced` where another process has it; who had it and is coming
 * `back` may have to wait for the server to give up its own lost connection, and gets `audit.unavailable` meanwhile.
 */
export async function claimName(
  connection: LogConnection,
  gateway: string,
  back: boolean,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const text = 'SELECT pg_try_advisory_lock($1, hashtext($2)) AS mine'
    const [row] = await connection.rows('name', text, [NAME_LOCK, gateway])
    if (row?.['mine'] === true) return
    if (attempt === ATTEMPTS) break
    await pause(ATTEMPT_MS)
  }
  throw fault(
    back ? 'audit.unavailable' : 'audit.fenced',
    `another process is attached as ${gateway}; each has a BAILIWICK_GATEWAY_NAME of its own`,
  )
}

/** How many names are taken at this moment. */
export async function countNames(connection: LogConnection): Promise<number> {
  const text = `SELECT count(*) AS names FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND classid = $1::bigint::oid AND objsubid = 2
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
  const [row] = await connection.rows('names', text, [NAME_LOCK])
  return numberOf(row, 'names')
}

/** Boots of a gateway that are known by now. */
export async function pastBoots(
  connection: LogConnection,
  gateway: string,
): Promise<ReadonlySet<string>> {
  const text = 'SELECT boot::text AS boot FROM audit.boots WHERE gateway = $1'
  const rows = await connection.rows('past', text, [gateway])
  return new Set(rows.map((row) => textOf(row, 'boot')))
}
