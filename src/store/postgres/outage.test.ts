// Holds the tests of what an error of PostgreSQL is to callers: each condition an operator meets has a code and a next step of its own.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { TLSSocket } from 'node:tls'
import { FakeAudit } from '../../../test/fakes/audit.ts'
import { PostgresServer, type PostgresDatabase } from '../../../test/fakes/postgres.ts'
import { Fault } from '../../std/fault.ts'
import { systemTimer } from '../../std/timer.ts'
import { STORE_FAULTS } from '../faults.ts'
import type { Store } from '../open.ts'
import { DatabaseLease } from './lease.ts'
import { migratePostgres } from './migrate.ts'
import { openPostgresStore } from './open.ts'
import { asStoreFault, isPassing } from './outage.ts'
import { connectionConfig, openClient } from './pool.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const signer = {
  sign: (data: Uint8Array) => new Uint8Array(sign(null, data, privateKey)),
  verify: (data: Uint8Array, signature: Uint8Array) => verify(null, data, publicKey, signature),
}

let server: PostgresServer
before(async () => {
  server = await PostgresServer.start()
})
after(() => server[Symbol.asyncDispose]())

async function prepared(on = server): Promise<PostgresDatabase> {
  const database = await on.database()
  await migratePostgres({ ...database, signer, more: [] })
  return database
}

async function open(url: string): Promise<Store> {
  const lease = await DatabaseLease.take({ url, timer: systemTimer, holder: 'test', wait: false })
  const store = await openPostgresStore({ url, signer, lease })
  return { ...store, close: () => store.close().then(() => lease.release()) }
}

async function insert(store: Store, n = 1): Promise<void> {
  const receipt = await new FakeAudit().append({ type: 'test.row', phase: 'admin', body: {} })
  const person = { id: `per_${n}`, name: `p-${n}`, roles: [], credentials: [], createdAt: 1 }
  await store.people.insert(person, receipt)
}

const found = (given: unknown): string => {
  const fault = asStoreFault(given)
  return fault instanceof Fault ? fault.code : 'itself'
}

test('every condition has its code, in words that quote nothing', () => {
  const table: Readonly<Record<string, string>> = {
    '25006': 'store.read_only',
    '28000': 'store.login',
    '28P01': 'store.login',
    '3D000': 'store.no_database',
    '42501': 'store.denied',
    '53300': 'store.connections',
    '53100': 'store.unavailable',
    '57P01': 'store.unavailable',
    '57P03': 'store.unavailable',
    '08006': 'store.unavailable',
    ECONNREFUSED: 'store.unavailable',
    EAI_AGAIN: 'store.unavailable',
    DEPTH_ZERO_SELF_SIGNED_CERT: 'store.tls',
    SELF_SIGNED_CERT_IN_CHAIN: 'store.tls',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'store.tls',
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'store.tls',
    CERT_HAS_EXPIRED: 'store.tls',
    ERR_TLS_CERT_ALTNAME_INVALID: 'store.tls',
    ERR_SSL_WRONG_VERSION_NUMBER: 'store.tls',
    EPROTO: 'store.tls',
    '42P01': 'itself',
    '23505': 'itself',
  }
  for (const [code, expected] of Object.entries(table)) {
    const error = Object.assign(new Error('password secret of host.example'), { code })
    assert.equal(found(error), expected, code)
    const fault = asStoreFault(error)
    if (fault instanceof Fault) {
      assert.doesNotMatch(`${fault.detail} ${fault.next}`, /secret|host\.example/)
      assert.ok(fault.code in STORE_FAULTS)
      assert.equal(isPassing(fault), /unavailable|connections|read_only/.test(fault.code))
    }
  }
  assert.equal(found(new Error('The server does not support SSL connections')), 'store.tls')
  assert.equal(found(new Error('Connection terminated unexpectedly')), 'store.unavailable')
  assert.equal(found(new Error('a bug')), 'itself')
})

test('a role that may not log in, a database that is not there, and no connection left', async () => {
  const { url, role, name } = await prepared()
  const elsewhere = url.replace(`/${name}?`, '/nowhere?')
  await assert.rejects(openClient(elsewhere), { code: 'store.no_database' })
  await server.query(`alter role ${role} nologin`)
  await assert.rejects(openClient(url), { code: 'store.login' })
  await server.query(`alter role ${role} login connection limit 0`)
  await assert.rejects(openClient(url), { code: 'store.connections' })
})

test('a replica, and a right that was taken away, are named where a row is written', async () => {
  const { url, role, name } = await prepared()
  const store = await open(url)
  await server.query(`revoke insert on bailiwick.people from ${role}`, name)
  await assert.rejects(insert(store), { code: 'store.denied' })
  await store.close()
  await server.query(`alter database ${name} set default_transaction_read_only = on`)
  await assert.rejects(open(url), { code: 'store.read_only' })
})

test('what was answered with success outlives a crash, though the role has synchronous_commit off', async () => {
  await using own = await PostgresServer.start({ durable: true })
  const database = await prepared(own)
  await own.query(`alter role ${database.role} set synchronous_commit = off`)
  await own.query(`alter database ${database.name} set synchronous_commit = off`)
  await own.query(`alter system set wal_writer_delay = '10s'`)
  await own.query('select pg_reload_conf()')
  const store = await open(database.url)
  for (let n = 0; n < 5; n++) await insert(store, n)
  await own.stop('immediate')
  await own.run()
  assert.equal((await store.people.all()).length, 5)
  await store.close()
})

test('a turn that was given is not given twice after a crash', async () => {
  await using own = await PostgresServer.start({ durable: true })
  const database = await prepared(own)
  await own.query(`alter role ${database.role} set synchronous_commit = off`)
  await own.query(`alter system set wal_writer_delay = '10s'`)
  await own.query('select pg_reload_conf()')
  const options = { url: database.url, timer: systemTimer, holder: 'test', wait: false }
  const first = await DatabaseLease.take(options)
  await own.stop('immediate')
  await first.release()
  await own.run()
  const second = await DatabaseLease.take(options)
  assert.ok(second.epoch > first.epoch)
  await second.release()
})

test('INV-5 who has its turn can say so, and nobody else: neither after another took it, nor while the database is away', async () => {
  await using own = await PostgresServer.start({ durable: true })
  const { url } = await prepared(own)
  const options = { url, timer: systemTimer, holder: 'test', wait: false }
  const first = await DatabaseLease.take(options)
  assert.equal(await first.holds(), true)
  // As one that was stopped meanwhile: it has its connection, and another has the turn.
  const database = new URL(url).pathname.slice(1)
  await own.change('update bailiwick.control set epoch = epoch + 1', database)
  assert.equal(await first.holds(), false)
  await first.release()
  const second = await DatabaseLease.take({ ...options, holder: 'second' })
  assert.equal(await second.holds(), true)
  await own.stop('immediate')
  assert.equal(await second.holds(), false)
  await second.release()
  assert.equal(await second.holds(), false)
})

test('who waits for its turn goes on waiting while the database restarts', async () => {
  await using own = await PostgresServer.start({ durable: true })
  const { url } = await prepared(own)
  const options = { url, timer: systemTimer, holder: 'first', wait: false }
  const first = await DatabaseLease.take(options)
  let said: (holder: string) => void = () => undefined
  const stands = new Promise<string>((resolve) => (said = resolve))
  const waiting = DatabaseLease.take({ ...options, holder: 'second', wait: true, onWait: said })
  assert.equal(await stands, 'first')
  await own.stop('immediate')
  await assert.rejects(DatabaseLease.take({ ...options, wait: true }), {
    code: 'store.unavailable',
  })
  // Long enough for it to have met the outage: it asks five times a second.
  const met = await Promise.race([
    waiting.then(
      () => 'has it',
      (error: unknown) => String(error),
    ),
    new Promise<string>((resolve) => setTimeout(resolve, 600, 'waits')),
  ])
  assert.equal(met, 'waits')
  await first.release()
  await own.run()
  const second = await waiting
  assert.ok(second.epoch > first.epoch)
  await second.release()
})

test('a machine that fell off the net loses its connections within seconds', () => {
  const config = connectionConfig('postgresql://u@localhost/x')
  assert.equal(config.keepAlive, true)
  for (const setting of ['tcp_keepalives_idle=2', 'tcp_user_timeout=5000']) {
    assert.ok(config.options?.includes(setting), setting)
  }
})

/** What a PostgreSQL with a certificate does first: it says that it speaks TLS, and does. */
function speakingTls(folder: string, name: string): Promise<Server> {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const openssl = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2'.split(' ')
  const more = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  execFileSync('openssl', [...openssl, ...more, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const listening = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      socket.write('S')
      const secured = new TLSSocket(socket, {
        isServer: true,
        key: readFileSync(key),
        cert: readFileSync(cert),
      })
      secured.on('error', () => undefined)
    })
  })
  return new Promise((resolve) => listening.listen(0, '127.0.0.1', () => resolve(listening)))
}

test('a certificate that nobody vouches for, and one for another name, are said so', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-pg-tls-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const listening = await speakingTls(folder, 'db.example')
  t.after(() => listening.close())
  const address = listening.address()
  assert.ok(address !== null && typeof address === 'object')
  const url = `postgresql://u:secret@localhost:${address.port}/x?sslmode=verify-full`
  await assert.rejects(openClient(url), { code: 'store.tls' })
  const trusted = `${url}&sslrootcert=${encodeURIComponent(join(folder, 'cert.pem'))}`
  await assert.rejects(openClient(trusted), (error: unknown) => {
    assert.ok(error instanceof Fault)
    assert.doesNotMatch(`${error.detail}${error.next}`, /secret/)
    return error.code === 'store.tls' && error.detail.includes('ALTNAME')
  })
  const absent = `${url}&sslrootcert=${encodeURIComponent(join(folder, 'none.pem'))}`
  await assert.rejects(openClient(absent), { code: 'store.database_url' })
})
