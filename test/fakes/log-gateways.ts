// Holds gateways that write one log in a real PostgreSQL, and the administrator of that database.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import { Client } from 'pg'
import type { AuditLog } from '../../src/audit/log.ts'
import { openAuditLog } from '../../src/audit/open.ts'
import type { AckLevel } from '../../src/audit/options.ts'
import { auditSchema } from '../../src/audit/postgres/schema.ts'
import { logOptions, logSigner } from '../../src/audit/testbed.test.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import type { PostgresDatabase, PostgresServer } from './postgres.ts'

/** The key that every gateway of these tests has. */
export const LOG_SIGNER = logSigner()

/** A gateway of its own home. */
export interface LogGateway {
  readonly home: string
  readonly log: AuditLog
}

interface Cleanup {
  after(fn: () => void): void
}

/** A database with the schema `audit`, made by its owner. */
export async function logDatabase(server: PostgresServer): Promise<PostgresDatabase> {
  const database = await server.database()
  const owner = new Client({ connectionString: database.ownerUrl })
  await owner.connect()
  for (const statement of auditSchema(database.role)) await owner.query(statement)
  await owner.end()
  return database
}

/** Starts a gateway, in a new home unless one is given. */
export async function logGateway(
  t: Cleanup,
  name: string,
  { url }: Pick<PostgresDatabase, 'url'>,
  {
    ack = 'auto',
    home,
    waitMs = 10_000,
  }: { readonly ack?: AckLevel; readonly home?: string; readonly waitMs?: number } = {},
): Promise<LogGateway> {
  const at = home ?? mkdtempSync(join(tmpdir(), 'bailiwick-pglog-'))
  t.after(() => rmSync(at, { recursive: true, force: true }))
  const options = logOptions(at, LOG_SIGNER)
  const log = await openAuditLog({
    ...options,
    limits: { ...options.limits, waitMs },
    gateway: name,
    database: { url, ack },
  })
  return { home: at, log }
}

/** What a stranger finds in a gateway's home: a log without findings, of this size and root. */
export async function verifiedHome(home: string): Promise<{ size: number; root: string }> {
  const vkey = readFileSync(join(home, 'log.vkey'), 'utf8')
  const report = await verifyLog({ directory: join(home, 'log'), vkey })
  assert.deepEqual(report.findings, [])
  return { size: report.size ?? 0, root: report.root ?? '' }
}
