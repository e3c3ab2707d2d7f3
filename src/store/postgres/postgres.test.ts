// Holds the tests of PostgreSQL as a store beyond what every store does: roles, turns, outages, and moving in.

import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { FakeAudit } from '../../../test/fakes/audit.ts'
import { PostgresServer, type PostgresDatabase } from '../../../test/fakes/postgres.ts'
import { Fault } from '../../std/fault.ts'
import { systemTimer } from '../../std/timer.ts'
import { openStore, type Store } from '../open.ts'
import type { RowSigner } from '../signed-rows.ts'
import { DatabaseLease } from './lease.ts'
import { migratePostgres } from './migrate.ts'
import { moveRows } from './move.ts'
import { openPostgresStore } from './open.ts'
import { connectionConfig, openPool } from './pool.ts'

let server: PostgresServer
before(async () => {
  server = await PostgresServer.start()
})
after(() => server[Symbol.asyncDispose]())

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const signer: RowSigner = {
  sign: (data) => new Uint8Array(sign(null, data, privateKey)),
  verify: (data, signature) => verify(null, data, publicKey, signature),
}

async function prepared(): Promise<PostgresDatabase> {
  const database = await server.database()
  await migratePostgres({ ...database, signer, more: [] })
  return database
}

async function open(
  url: string,
  more: { wait?: boolean; onLost?: () => void } = {},
): Promise<Store> {
  const { wait = false, onLost = () => assert.fail('lost its turn') } = more
  const lease = await DatabaseLease.take({ url, timer: systemTimer, holder: 'test-1', wait })
  lease.onLost(onLost)
  try {
    const store = await openPostgresStore({ url, signer, lease })
    return { ...store, close: () => store.close().then(() => lease.release()) }
  } catch (error) {
    await lease.release()
    throw error
  }
}

const code =
  (...expected: string[]) =>
  (error: unknown) =>
    error instanceof Fault && expected.includes(error.code)

const person = (n: number) => ({
  id: `per_${n}`,
  name: `person-${n}`,
  roles: [],
  credentials: [],
  createdAt: 9_007_199_254_740_991,
})

async function receipt(): Promise<Awaited<ReturnType<FakeAudit['append']>>> {
  return new FakeAudit().append({ type: 'test.row', phase: 'admin', body: {} })
}

test('a database that nobody has migrated says what to run, and migrating twice is the same as once', async () => {
  const database = await server.database()
  await assert.rejects(open(database.url), code('store.migrate'))
  await migratePostgres({ ...database, signer, more: [] })
  await migratePostgres({ ...database, signer, more: [] })
  const store = await open(database.url)
  assert.deepEqual(await store.check(), [])
  await store.close()
  await server.query(
    `delete from bailiwick.schema_migrations where name = '0005_record'`,
    database.name,
  )
  await assert.rejects(open(database.url), code('store.migrate'))
})

test('rows that were moved and never used there are moved anew where they have changed here since', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'bailiwick-move-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const { ownerUrl, url } = await prepared()
  const move = { path: join(directory, 'bailiwick.db'), ownerUrl, signer }
  for (const n of [1, 2]) {
    const embedded = await openStore({ directory, signer })
    await embedded.people.insert(person(n), await receipt())
    await embedded.close()
    await moveRows(move)
  }
  const store = await open(url)
  assert.equal((await store.people.all()).length, 2)
  assert.deepEqual(await store.check(), [])
  await store.close()
})

test('INV-7 a role that could rewrite what it records is refused', async () => {
  const database = await prepared()
  for (const url of [database.ownerUrl, database.adminUrl]) {
    await assert.rejects(open(url), code('store.role'), url)
  }
  await assert.rejects(
    migratePostgres({ ...database, role: `${database.name}_owner`, signer, more: [] }),
    code('store.role'),
  )
  await assert.rejects(
    migratePostgres({ ...database, role: 'nobody', signer, more: [] }),
    code('store.role'),
  )
  const { name, role } = database
  await server.query(
    `create schema audit; create table audit.spool (id int);
    grant select, insert on audit.spool to ${role}; grant usage on schema audit to ${role}`,
    name,
  )
  await (await open(database.url)).close()
  await server.query(`grant delete on audit.spool to ${role}`, name)
  await assert.rejects(open(database.url), code('store.role'))
})

test('one process at a time; the next has its turn at once, and who was taken for dead writes nothing', async () => {
  const { url, name } = await prepared()
  let lost = 0
  const first = await open(url, { onLost: () => (lost += 1) })
  await first.people.insert(person(1), await receipt())
  await assert.rejects(open(url), (error: unknown) => {
    return code('store.database_in_use')(error) && String(error).includes('test-1')
  })
  const waiting = open(url, { wait: true })
  await pause(50)
  // Its connections are cut, as a firewall would: it is not dead, and does not know.
  await server.query(
    `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted
      and database = (select oid from pg_database where datname = '${name}')`,
  )
  const second = await waiting
  await assert.rejects(first.people.insert(person(2), await receipt()), code('store.fenced'))
  while (lost === 0) await pause(10)
  assert.equal(await second.people.get('per_2'), undefined)
  await second.people.insert(person(2), await receipt())
  assert.deepEqual(await second.check(), [])
  await first.close()
  await second.close()
})

test('writers within a process come one after the other: no change of a roll is lost', async () => {
  const { url } = await prepared()
  const store = await open(url)
  const proof = await receipt()
  await Promise.all(Array.from({ length: 60 }, (_, n) => store.people.insert(person(n), proof)))
  await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      store.atomically(async (tables) => {
        await tables.people.insert(person(100 + n), proof)
        const held = await tables.people.get(`per_${n}`)
        assert.ok(held)
        await tables.people.replace(held, { ...held.doc, roles: ['viewer'] }, proof)
      }),
    ),
  )
  assert.equal((await store.people.all()).length, 80)
  assert.deepEqual(await store.check(), [])
  await store.close()
})

test('a database that goes away is an answer, not an end: 503 meanwhile, and on as before once it is back', async () => {
  await using own = await PostgresServer.start({ durable: true })
  const database = await own.database()
  await migratePostgres({ ...database, signer, more: [] })
  const store = await open(database.url)
  await store.people.insert(person(1), await receipt())
  for (const mode of ['fast', 'immediate'] as const) {
    await own.stop(mode)
    await assert.rejects(store.people.get('per_1'), code('store.unavailable'))
    await assert.rejects(store.people.insert(person(2), await receipt()), code('store.unavailable'))
    await assert.rejects(open(database.url), code('store.unavailable'))
    await own.run()
    assert.equal((await store.people.get('per_1'))?.doc.createdAt, 9_007_199_254_740_991)
    assert.deepEqual(await store.check(), [])
  }
  await store.people.insert(person(2), await receipt())
  // The turn was taken up again: nobody else gets it.
  while (!(await open(database.url).then(() => false, code('store.database_in_use'))))
    await pause(50)
  await store.close()
})

test('a connection that ends between two statements of a transaction ends nothing else', async () => {
  const { url, name } = await server.database()
  const pool = openPool(url)
  const client = await pool.connect()
  await client.query('begin')
  const ended = new Promise((resolve) => client.once('end', resolve))
  await server.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
  )
  // Where nobody listens for its error, the runner sees an uncaught exception here.
  await ended
  await assert.rejects(client.query('select 1'))
  client.release(true)
  assert.equal((await pool.query<{ one: number }>('select 1 as one')).rows[0]?.one, 1)
  await pool.end()
})

test('rows go to another machine under TLS to a name, or not at all; no error says a password', async () => {
  for (const url of [
    'postgresql://u:secret@db.example/x',
    'postgresql://u:secret@db.example/x?sslmode=require',
    'postgresql://u:secret@localhost/x?host=db.example',
    'postgresql://u:secret@db.example/x?host=',
    'postgresql://u:secret@localhost/x?host=/tmp&host=db.example',
    'postgresql://u:secret@db.example/x?sslmode=verify-full&sslmode=disable',
    'postgresql://u:secret@localhost/x?options=-csearch_path%3Dpublic',
    'postgresql://u:secret@localhost/x?statement_timeout=0',
    'mysql://u:secret@localhost/x',
    'secret',
  ]) {
    assert.throws(
      () => connectionConfig(url),
      (error: unknown) => {
        return code('store.database_url')(error) && !String(error).includes('secret')
      },
    )
  }
  connectionConfig('postgresql://u@db.example/x?sslmode=verify-full')
  const { url } = await prepared()
  const nowhere = url.replace(/host=[^&]*/, 'host=%2Fnonexistent')
  await assert.rejects(open(nowhere), (error: unknown) => {
    return code('store.unavailable')(error) && !String(error).includes('nonexistent')
  })
})

test('a home moves in byte for byte, into an empty database alone, and only when it is whole', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'bailiwick-move-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const embedded = await openStore({ directory, signer })
  const proof = await receipt()
  for (let n = 0; n < 25; n++) await embedded.people.insert(person(n), proof)
  await embedded.instances.insert(
    { id: 'i-1', agent: 'bot', joinToken: 't', state: 'live', createdAt: 1, lifeEnds: 2 },
    proof,
  )
  await embedded.certificates.insert(
    {
      fingerprint: 'ab'.repeat(32),
      instance: 'i-1',
      serial: '01',
      key: 'k',
      notBefore: 1,
      notAfter: 2,
    },
    proof,
  )
  const people = await embedded.people.all()
  await embedded.close()
  const database = await prepared()
  const path = join(directory, 'bailiwick.db')
  const move = { path, ownerUrl: database.ownerUrl, signer }
  const rows = await moveRows(move)
  assert.ok(rows > 26)
  const store = await open(database.url)
  assert.deepEqual(await store.people.all(), people)
  assert.deepEqual(await store.check(), [])
  await store.close()
  // Run again it says what it did, whoever has run there since.
  assert.equal(await moveRows(move), rows)
  const changed = await openStore({ directory, signer })
  await changed.people.insert(person(77), proof)
  await changed.close()
  await assert.rejects(moveRows(move), code('store.exists'))

  const again = await prepared()
  await openStore({ directory, signer }).then(async (opened) => opened.close())
  const tampered = new DatabaseSync(path)
  tampered.exec(`delete from people where id = 'per_3'`)
  tampered.close()
  await assert.rejects(moveRows({ ...move, ownerUrl: again.ownerUrl }), code('store.roll'))
})
