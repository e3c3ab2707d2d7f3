// Holds the tests of the look at the application's role: every right by which it could rewrite the log is refused, named, and mended as said.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { Kysely } from 'kysely'
import { PostgresServer, type PostgresDatabase } from '../../../test/fakes/postgres.ts'
import { Fault } from '../../std/fault.ts'
import { postgresDialect } from './dialect.ts'
import { migratePostgres } from './migrate.ts'
import { openPool } from './pool.ts'
import { checkRole, roleFindings } from './role.ts'

/** The log's schema as far as rights matter. */
const LOG = (role: string): string[] => [
  'create schema if not exists audit',
  'create table if not exists audit.spool (id int, entry text)',
  'create table if not exists audit.runs (id bigint generated always as identity)',
  'create or replace view audit.records as select * from audit.spool',
  `create or replace function audit.swap() returns int language sql security definer as 'select 1'`,
  `grant usage on schema audit to ${role}`,
  `grant select on all tables in schema audit to ${role}`,
  `grant insert on audit.spool to ${role}`,
]

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const signer = {
  sign: (data: Uint8Array) => new Uint8Array(sign(null, data, privateKey)),
  verify: (data: Uint8Array, signature: Uint8Array) => verify(null, data, publicKey, signature),
}

let server: PostgresServer
let database: PostgresDatabase
let db: Kysely<unknown>
before(async () => {
  server = await PostgresServer.start()
  database = await server.database()
  await migratePostgres({ ...database, signer, more: LOG(database.role) })
  db = new Kysely<unknown>({ dialect: postgresDialect(openPool(database.url)).dialect })
})
after(async () => {
  await db.destroy()
  await server[Symbol.asyncDispose]()
})

const app = 'bw_1_app'
const owner = 'bw_1_owner'

/** What an administrator may have done, with what the error says of it. */
const RIGHTS: readonly (readonly [given: string, what: RegExp, mend?: RegExp])[] = [
  [`alter role ${app} superuser`, /is superuser/],
  [`alter role ${app} createrole`, /is createrole/],
  [`alter role ${app} createdb`, /is createdb/],
  [`alter role ${app} replication`, /is replication/],
  [`alter role ${app} bypassrls`, /is bypassrls/],
  [`grant ${owner} to ${app}`, /can become bw_1_owner, which owns table audit\.spool/],
  [
    `create role middle; grant ${owner} to middle; grant middle to ${app}; alter role ${app} noinherit`,
    /can become bw_1_owner, which owns schema audit/,
    /revoke middle from bw_1_app/,
  ],
  [`grant pg_write_all_data to ${app}`, /member of pg_write_all_data/],
  [`grant pg_execute_server_program to ${app}`, /member of pg_execute_server_program/],
  [`alter database bw_1 owner to ${app}`, /owns database bw_1/],
  [`alter schema audit owner to ${app}`, /owns schema audit/],
  [`alter function audit.swap() owner to ${app}`, /owns function audit\.swap\(\)/],
  [`alter view audit.records owner to ${app}`, /owns view audit\.records/],
  ...['update', 'delete', 'truncate', 'references', 'trigger'].map(
    (right) =>
      [
        `grant ${right} on audit.spool to ${app}`,
        new RegExp(`may ${right} on audit\\.spool`),
        new RegExp(`revoke ${right} on audit\\.spool from bw_1_app`),
      ] as const,
  ),
  [`grant insert on audit.runs to ${app}`, /may insert on audit\.runs/],
  [`grant update on audit.runs to public`, /may update on audit\.runs, as everybody may/],
  [`grant update (entry) on audit.spool to ${app}`, /may update \(entry\) on audit\.spool/],
  [
    `create role writers; grant delete on audit.runs to writers; grant writers to ${app}`,
    /may delete on audit\.runs/,
    /from writers/,
  ],
  [`grant update on sequence audit.runs_id_seq to ${app}`, /may update on sequence audit\.runs_id/],
  [`grant create on schema audit to ${app}`, /may create on schema audit/],
  [`grant create on schema bailiwick to ${app}`, /may create on schema bailiwick/],
  [`grant trigger on bailiwick.people to ${app}`, /may trigger on (bailiwick\.)?people/],
  [`grant delete on bailiwick.schema_migrations to ${app}`, /may delete on .*schema_migrations/],
  [`grant insert on bailiwick.moved to ${app}`, /may insert on .*moved/],
  [
    `alter default privileges for role ${owner} in schema audit grant update on tables to ${app}`,
    /would get update on new tables of bw_1_owner/,
  ],
  [
    `alter default privileges for role ${owner} grant delete on tables to public`,
    /would get delete on new tables of bw_1_owner/,
  ],
  [
    `grant set on parameter session_replication_role to ${app}`,
    /may set on parameter session_replication_role/,
  ],
]

test('INV-7 the rights that the application needs are no finding', async () => {
  assert.deepEqual(await roleFindings(db, app), [])
  await checkRole(db)
})

for (const [given, what, mend] of RIGHTS) {
  test(`INV-7 refused and mended: ${given}`, async () => {
    await server.query(given, 'bw_1')
    const found = await roleFindings(db, app)
    assert.ok(
      found.some((finding) => what.test(finding.what)),
      JSON.stringify(found),
    )
    await assert.rejects(checkRole(db), (error: unknown) => {
      assert.ok(error instanceof Fault && error.code === 'store.role')
      assert.match(error.detail, what)
      assert.ok(error.detail.includes(found[0]!.mend), error.detail)
      return mend === undefined || mend.test(error.detail)
    })
    // As said, until nothing is left: one mend may show what it hid.
    for (let rounds = 0; rounds < 3; rounds++) {
      for (const finding of await roleFindings(db, app)) await server.query(finding.mend, 'bw_1')
    }
    assert.deepEqual(await roleFindings(db, app), [])
    await server.query(`alter role ${app} inherit`)
  })
}

test('INV-7 migrating says it of the role that Bailiwick is to run under', async () => {
  await server.query(`create role idle; grant ${owner} to idle`, 'bw_1')
  const migration = { ...database, signer, more: LOG('idle'), role: 'idle' }
  await assert.rejects(migratePostgres(migration), { code: 'store.role' })
})
