// Holds the tests of a log that PostgreSQL orders: two gateways, one log, whoever leads and whoever dies.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from 'pg'

import { PostgresServer, type PostgresDatabase } from '../../../test/fakes/postgres.ts'
import type { AuditLog } from '../log.ts'
import { openAuditLog } from '../open.ts'
import type { AckLevel } from '../options.ts'
import { intent, logOptions, logSigner } from '../testbed.test.ts'
import { verifyLog } from '../verify.ts'
import { auditSchema } from './schema.ts'

let server: PostgresServer
before(async () => {
  server = await PostgresServer.start({ durable: true })
})
after(() => server[Symbol.asyncDispose]())

const SIGNER = logSigner()

async function prepared(): Promise<PostgresDatabase> {
  const database = await server.database()
  const owner = new Client({ connectionString: database.ownerUrl })
  await owner.connect()
  for (const statement of auditSchema(database.role)) await owner.query(statement)
  await owner.end()
  return database
}

interface Gateway {
  readonly home: string
  readonly log: AuditLog
}

async function gateway(
  t: TestContext,
  name: string,
  { url }: PostgresDatabase,
  ack: AckLevel = 'auto',
  home = mkdtempSync(join(tmpdir(), 'bailiwick-pglog-')),
): Promise<Gateway> {
  t.after(() => rmSync(home, { recursive: true, force: true }))
  const log = await openAuditLog({
    ...logOptions(home, SIGNER),
    gateway: name,
    database: { url, ack },
  })
  return { home, log }
}

async function verified({ home }: Gateway): Promise<{ size: number; root: string }> {
  const vkey = readFileSync(join(home, 'log.vkey'), 'utf8')
  const report = await verifyLog({ directory: join(home, 'log'), vkey })
  assert.deepEqual(report.findings, [])
  return { size: report.size ?? 0, root: report.root ?? '' }
}

test('INV-7 two gateways write one log: everything once, in order, the same at both', async (t) => {
  const database = await prepared()
  const one = await gateway(t, 'gw-1', database)
  const two = await gateway(t, 'gw-2', database)
  const receipts = await Promise.all(
    Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? one : two).log.append(intent(`c-${i}`))),
  )
  for (const { log } of [one, two]) await log.flush()
  while (one.log.stats().size !== two.log.stats().size) await pause(10)
  for (const { log } of [one, two]) {
    for (const { leaf } of receipts.slice(0, 20)) assert.notEqual(await log.get(leaf), undefined)
    assert.equal((await log.byCall('c-7')).length, 1)
  }
  await two.log.close()
  await one.log.close()
  const [first, second] = [await verified(one), await verified(two)]
  assert.ok(first.size >= 400 && second.size >= 400)
  // A name is one process's; who comes back goes on.
  const again = await gateway(t, 'gw-2', database, 'auto', two.home)
  await assert.rejects(gateway(t, 'gw-2', database), { code: 'audit.fenced' })
  await again.log.append(intent('later'))
  await again.log.flush()
  assert.equal((await again.log.byCall('c-8')).length, 1)
  await again.log.close()
})

test('the application’s role can rewrite nothing of what is recorded', async (t) => {
  const database = await prepared()
  const one = await gateway(t, 'gw-1', database)
  await one.log.append(intent('a'))
  await one.log.flush()
  const client = new Client({ connectionString: database.url })
  await client.connect()
  const { rows } = await client.query<{ tablename: string }>(
    `select tablename from pg_tables where schemaname = 'audit'`,
  )
  assert.ok(rows.length >= 3)
  for (const { tablename } of rows) {
    for (const statement of [
      `delete from audit.${tablename}`,
      `truncate audit.${tablename}`,
      `drop table audit.${tablename}`,
      `alter table audit.${tablename} disable trigger all`,
    ]) {
      await assert.rejects(client.query(statement), /permission denied|must be owner/, statement)
    }
  }
  await assert.rejects(client.query(`update audit.spool set entry = 'x'`), /permission denied/)
  await client.end()
  await one.log.close()
})

test('INV-7 an administrator who edits a record in the database is named by whoever follows', async (t) => {
  const database = await prepared()
  const one = await gateway(t, 'gw-1', database)
  await Promise.all(Array.from({ length: 20 }, (_, i) => one.log.append(intent(`c-${i}`))))
  await one.log.flush()
  await one.log.close()
  await server.query(
    `set session_replication_role = replica;
     update audit.spool set entry = convert_to(replace(convert_from(entry, 'UTF8'), 'read_file', 'make_file'), 'UTF8') where iseq = 5`,
    database.name,
  )
  await assert.rejects(gateway(t, 'gw-2', database), (error: unknown) => {
    return /audit\.(?:corrupt|rolled_back)/.test(String((error as { code?: unknown }).code))
  })
})

test('whoever leads may lose its connection at any moment: another goes on, and nothing is twice or missing', async (t) => {
  const database = await prepared()
  const one = await gateway(t, 'gw-1', database)
  const two = await gateway(t, 'gw-2', database)
  const leaves: string[] = []
  for (let round = 0; round < 4; round++) {
    const receipts = await Promise.all(
      Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? one : two).log.append(intent(`c-${i}`))),
    )
    leaves.push(...receipts.map(({ leaf }) => leaf))
    await server.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database.name}' and pid <> pg_backend_pid()`,
    )
  }
  for (const { log } of [one, two]) {
    for (let tries = 0; tries < 500 && log.stats().size < leaves.length; tries++) await pause(20)
    for (const leaf of leaves) assert.notEqual(await log.get(leaf), undefined)
  }
  await two.log.close()
  await one.log.close()
  await verified(one)
})

test('an outage of the database is an answer in time, and nothing that was acknowledged is lost', async (t) => {
  const database = await prepared()
  const one = await gateway(t, 'gw-1', database, 'local')
  await one.log.append(intent('before'))
  await server.stop('immediate')
  const during = await one.log.append(intent('during'))
  await server.run()
  while (one.log.stats().size < 3) await pause(20)
  await one.log.flush()
  assert.equal((await one.log.get(during.leaf))?.record.call, 'during')
  await one.log.close()
  await verified(one)
})
