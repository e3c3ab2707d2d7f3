// Holds the tests of what is the embedded database's own: file modes, durability, and schema steps over old files.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { Kysely, sql } from 'kysely'
import { Fault } from '../std/fault.ts'
import { SCHEMA_STEPS, migrate, type SchemaStep } from './migrations.ts'
import { openStore } from './open.ts'
import { SignedRows, type RowSigner } from './signed-rows.ts'
import { sqliteDialect } from './sqlite.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const signer: RowSigner = {
  sign: (data) => new Uint8Array(sign(null, data, privateKey)),
  verify: (data, signature) => verify(null, data, publicKey, signature),
}

async function withHome(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bailiwick-sqlite-'))
  try {
    await run(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Runs schema steps over the home's file. */
async function step(directory: string, steps: Readonly<Record<string, SchemaStep>>): Promise<void> {
  const dialect = sqliteDialect(join(directory, 'bailiwick.db'))
  const db = new Kysely<unknown>({ dialect: dialect.dialect })
  try {
    await migrate(db, dialect, new SignedRows(signer), steps)
  } finally {
    await db.destroy()
  }
}

function tables(directory: string): string[] {
  const database = new DatabaseSync(join(directory, 'bailiwick.db'), { readOnly: true })
  const rows = database.prepare(`select name from sqlite_schema where type = 'table'`).all()
  database.close()
  return rows.map((row) => String(row['name']))
}

test('every file of the database is ours alone, and one that is not is refused', () =>
  withHome(async (directory) => {
    const store = await openStore({ directory, signer })
    const files = readdirSync(directory)
    assert.ok(files.includes('bailiwick.db') && files.includes('bailiwick.db-wal'))
    for (const file of files) assert.equal(statSync(join(directory, file)).mode & 0o777, 0o600)
    await store.close()
    chmodSync(join(directory, 'bailiwick.db'), 0o644)
    await assert.rejects(openStore({ directory, signer }), (error: unknown) => {
      assert.ok(error instanceof Fault && error.code === 'store.permissions')
      return error.detail.includes(`chmod 600 '${join(directory, 'bailiwick.db')}'`)
    })
  }))

test('every table is strict, so no column holds what it should not', () =>
  withHome(async (directory) => {
    await (await openStore({ directory, signer })).close()
    const database = new DatabaseSync(join(directory, 'bailiwick.db'))
    const loose = database
      .prepare(`select name from pragma_table_list where strict = 0 and type = 'table'`)
      .all()
      .map((row) => String(row['name']))
      .filter((name) => !name.startsWith('sqlite_') && !name.startsWith('schema_migrations'))
    database.close()
    assert.deepEqual(loose, [])
  }))

test('an older home is brought to this version, and its rows stay', () =>
  withHome(async (directory) => {
    await step(directory, SCHEMA_STEPS)
    const later: SchemaStep = {
      up: async (db) => {
        await sql`create table later (id text primary key not null) strict`.execute(db)
      },
      rolls: ['later'],
    }
    await step(directory, { ...SCHEMA_STEPS, '9999_later': later })
    assert.ok(tables(directory).includes('later') && tables(directory).includes('people'))
    await assert.rejects(step(directory, SCHEMA_STEPS), /store.newer.*9999_later/)
  }))

test('a home from before delegations were on a roll keeps those that are ours, and no others', () =>
  withHome(async (directory) => {
    const { '0001_first': first } = SCHEMA_STEPS
    assert.ok(first)
    await step(directory, { '0001_first': first })
    const leaf = 'L'.repeat(43)
    const doc = { id: 'd1', person: 'per_1', agent: 'bot', createdAt: 1, expiresAt: 2 }
    const ours = new SignedRows(signer).seal('delegations', doc, leaf)
    const database = new DatabaseSync(join(directory, 'bailiwick.db'))
    const put = database.prepare(
      'insert into delegations (id, person, agent, expires_at, doc, sig, leaf) values (?, ?, ?, ?, ?, ?, ?)',
    )
    put.run('d1', 'per_1', 'bot', 2, ours.doc, ours.sig, leaf)
    const forged = ours.doc.replace('d1', 'd2')
    put.run('d2', 'per_1', 'bot', 2, forged, ours.sig, leaf)
    database.close()
    const store = await openStore({ directory, signer })
    const active = await store.delegations.all({ state: 'active' })
    assert.deepEqual(
      active.map((held) => held.doc.id),
      ['d1'],
    )
    assert.deepEqual(await store.check(), [])
    await store.close()
  }))

test('a step that fails leaves nothing of itself or of the steps before it', () =>
  withHome(async (directory) => {
    const broken: SchemaStep = {
      up: async (db) => {
        await sql`create table half (id text primary key not null) strict`.execute(db)
        await sql`create table half (id text primary key not null) strict`.execute(db)
      },
      rolls: [],
    }
    const failed = step(directory, { ...SCHEMA_STEPS, '9999_broken': broken })
    await assert.rejects(failed, /store.migration/)
    const left = tables(directory).filter((name) => !name.startsWith('schema_migrations'))
    assert.deepEqual(left, [])
    await step(directory, SCHEMA_STEPS)
    assert.ok(tables(directory).includes('people'))
  }))

const WRITER = `
  import { openStoreOn } from ${JSON.stringify(new URL('open.ts', import.meta.url).href)}
  import { sqliteDialect } from ${JSON.stringify(new URL('sqlite.ts', import.meta.url).href)}
  const [path] = process.argv.slice(-1)
  const signer = { sign: () => new Uint8Array(64), verify: () => true }
  const store = await openStoreOn(sqliteDialect(path), { signer })
  const leaf = 'L'.repeat(43)
  const from = (await store.certificates.all()).length
  const at = from === 0 ? await store.instances.insert({ id: 'i', agent: 'a', joinToken: 't', state: 'live', createdAt: 1, lifeEnds: 2 }, { id: '', leaf, ts: '' }) : undefined
  for (let n = from; ; n++) {
    const row = { fingerprint: 'f' + n, instance: 'i', key: 'k' + n, serial: 's' + n, notBefore: 1, notAfter: 2 }
    await store.certificates.insert(row, { id: '', leaf, ts: '' })
    process.stdout.write(n + '\\n')
    await new Promise((resolve) => setImmediate(resolve))
  }`

test('kill -9 while writing loses nothing that was acknowledged', () =>
  withHome(async (directory) => {
    const path = join(directory, 'bailiwick.db')
    for (let round = 0; round < 4; round++) {
      const child = spawn(
        process.execPath,
        ['--input-type=module-typescript', '-e', WRITER, '--', path],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      let said = ''
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString()
        // Somewhere in the middle of the work, at another place every round.
        if (said.split('\n').length > 20 + round * 13) child.kill('SIGKILL')
      })
      await once(child, 'close')
      const acknowledged = said.split('\n').slice(0, -1)
      assert.ok(acknowledged.length >= 20)
      const database = new DatabaseSync(path)
      const there = new Set(
        database
          .prepare('select id from certificates')
          .all()
          .map((row) => String(row['id'])),
      )
      assert.deepEqual(
        database
          .prepare('pragma integrity_check')
          .all()
          .map((row) => row['integrity_check']),
        ['ok'],
      )
      database.close()
      for (const n of acknowledged) assert.ok(there.has(`f${n}`), `row ${n} was acknowledged`)
    }
  }))
