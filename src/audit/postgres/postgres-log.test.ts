// Holds the tests of a log that PostgreSQL orders: two gateways, one log, whoever leads and whoever dies.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from 'pg'

import { logDatabase, logGateway, verifiedHome } from '../../../test/fakes/log-gateways.ts'
import { PostgresServer } from '../../../test/fakes/postgres.ts'
import { Fault } from '../../std/fault.ts'
import { intent } from '../testbed.test.ts'

let server: PostgresServer
before(async () => {
  server = await PostgresServer.start({ durable: true })
})
after(() => server[Symbol.asyncDispose]())

test('INV-7 two gateways write one log: everything once, in order, the same at both', async (t) => {
  const database = await logDatabase(server)
  const one = await logGateway(t, 'gw-1', database)
  const two = await logGateway(t, 'gw-2', database)
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
  const [first, second] = [await verifiedHome(one.home), await verifiedHome(two.home)]
  assert.ok(first.size >= 400 && second.size >= 400)
  // A name is one process's; who comes back goes on.
  const again = await logGateway(t, 'gw-2', database, { home: two.home })
  await assert.rejects(logGateway(t, 'gw-2', database), { code: 'audit.fenced' })
  await again.log.append(intent('later'))
  await again.log.flush()
  assert.equal((await again.log.byCall('c-8')).length, 1)
  await again.log.close()
})

test('a gateway opens the log, and ends, while another records without a pause', async (t) => {
  const database = await logDatabase(server)
  const one = await logGateway(t, 'gw-1', database)
  const before = await logGateway(t, 'gw-2', database)
  await before.log.append({ type: 'log.read', phase: 'lifecycle', body: {} })
  await before.log.close()
  // Intents of somebody else that nothing answers yet: they are not the newcomer's to wait for.
  await one.log.append(intent('open'))
  let busy = true
  const load = Array.from({ length: 8 }, async (_, producer) => {
    for (let i = 0; busy; i++) await one.log.append(intent(`${producer}/${i}`))
  })
  const late = setTimeout(() => (busy = false), 20_000)
  const two = await logGateway(t, 'gw-2', database, { home: before.home })
  await two.log.append(intent('own'))
  assert.ok(busy, 'it opens while records are written, not after')
  clearTimeout(late)
  busy = false
  await Promise.all(load)
  await two.log.flush()
  assert.equal((await two.log.byCall('open')).length, 1)
  await two.log.close()
  await one.log.close()
})

test('the application’s role can rewrite nothing of what is recorded', async (t) => {
  const database = await logDatabase(server)
  const one = await logGateway(t, 'gw-1', database)
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
  const columns = await client.query<{ name: string; column: string }>(
    `select table_name as name, min(column_name) as column from information_schema.columns
     where table_schema = 'audit' group by table_name`,
  )
  for (const { name, column } of columns.rows) {
    const statement = `update audit.${name} set ${column} = null`
    await assert.rejects(client.query(statement), /permission denied|cannot update/, statement)
  }
  for (const { tablename } of rows.filter((row) => row.tablename !== 'spool')) {
    const statement = `insert into audit.${tablename} default values`
    await assert.rejects(client.query(statement), /permission denied/, statement)
  }
  await client.end()
  await one.log.close()
})

test('the owner of the tables does not rewrite them by accident', async (t) => {
  const database = await logDatabase(server)
  const one = await logGateway(t, 'gw-1', database)
  await one.log.append(intent('a'))
  await one.log.flush()
  const owner = new Client({ connectionString: database.ownerUrl })
  await owner.connect()
  for (const table of ['log', 'leader', 'boots', 'spool', 'state', 'runs', 'checkpoints']) {
    await assert.rejects(owner.query(`delete from audit.${table}`), /is never changed/, table)
    await assert.rejects(owner.query(`truncate audit.${table}`), /is never changed/, table)
  }
  for (const statement of [
    `update audit.spool set entry = 'x'`,
    `update audit.runs set records = records + 1`,
    `update audit.state set size = size - 1`,
    `update audit.state set base = base + 1`,
    `update audit.checkpoints set note = 'another'`,
    `update audit.checkpoints set root = sha256('x'), note = null`,
    `update audit.boots set iseq = 0`,
    `update audit.leader set epoch = 0`,
    `update audit.log set vkey = 'another'`,
  ]) {
    await assert.rejects(owner.query(statement), /is never changed|only goes forward/, statement)
  }
  await owner.end()
  await one.log.close()
})

test('with remote, a record counts once PostgreSQL has it, and whoever waits too long is told for what', async (t) => {
  const database = await logDatabase(server)
  const one = await logGateway(t, 'gw-1', database, { ack: 'remote', waitMs: 300 })
  const { leaf } = await one.log.append(intent('there'))
  const there = await server.query(
    `select 1 from audit.spool where position('"call":"there"' in convert_from(entry, 'UTF8')) > 0`,
    database.name,
  )
  assert.equal(there.length, 1)
  await server.query(`alter database ${database.name} allow_connections false`)
  await server.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database.name}'`,
  )
  await assert.rejects(one.log.append(intent('not there')), /PostgreSQL did not answer within/)
  await server.query(`alter database ${database.name} allow_connections true`)
  while (one.log.stats().sequencerProblem !== undefined) await pause(20)
  await one.log.flush()
  // It came late: the log has it, and says that it was not acted on.
  const late = await one.log.byCall('not there')
  assert.deepEqual(
    late.map(({ record }) => record.body['status'] ?? record.type),
    ['call.intent', 'not_executed'],
  )
  assert.notEqual(await one.log.get(leaf), undefined)
  await one.log.close()
})

test('INV-7 an administrator who edits a record in the database is named by whoever follows', async (t) => {
  const database = await logDatabase(server)
  const one = await logGateway(t, 'gw-1', database)
  await Promise.all(Array.from({ length: 20 }, (_, i) => one.log.append(intent(`c-${i}`))))
  await one.log.flush()
  await one.log.close()
  await server.query(
    `set session_replication_role = replica;
     update audit.spool set entry = convert_to(replace(convert_from(entry, 'UTF8'), 'read_file', 'make_file'), 'UTF8') where iseq = 5`,
    database.name,
  )
  await assert.rejects(logGateway(t, 'gw-2', database), (error: unknown) => {
    return /audit\.(?:corrupt|rolled_back)/.test(String((error as { code?: unknown }).code))
  })
})

test('whoever leads may lose its connection at any moment: another goes on, and nothing is twice or missing', async (t) => {
  const database = await logDatabase(server)
  const one = await logGateway(t, 'gw-1', database)
  const two = await logGateway(t, 'gw-2', database)
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
  await verifiedHome(one.home)
})

test('an outage of the database is an answer in time, and nothing that was acknowledged is lost', async (t) => {
  const database = await logDatabase(server)
  const one = await logGateway(t, 'gw-1', database, { ack: 'local' })
  await one.log.append(intent('before'))
  await server.stop('immediate')
  const during = await one.log.append(intent('during'))
  await server.run()
  // While the database starts up, whoever asks for the log to catch up is told so.
  while (
    !(await one.log.flush().then(
      () => true,
      (error: unknown) => {
        assert.ok(error instanceof Fault && error.code === 'audit.unavailable')
        return false
      },
    ))
  )
    await pause(20)
  assert.equal((await one.log.get(during.leaf))?.record.call, 'during')
  await one.log.close()
  await verifiedHome(one.home)
})
