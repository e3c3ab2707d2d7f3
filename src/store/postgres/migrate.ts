// Holds the making of the schema in PostgreSQL, by the role that owns it, for a role that may only use it.

import { Kysely, sql } from 'kysely'
import { faults } from '../../std/fault.ts'
import { STORE_FAULTS } from '../faults.ts'
import { migrate, SCHEMA_STEPS } from '../migrations.ts'
import { SignedRows, type RowSigner } from '../signed-rows.ts'
import { postgresDialect } from './dialect.ts'
import { asStoreFault } from './outage.ts'
import { openPool, STORE_SCHEMA } from './pool.ts'
import { checkRole } from './role.ts'

const fault = faults(STORE_FAULTS)

/** Who has a turn at the database, and which. */
const CONTROL = `create table if not exists control (
  one boolean primary key default true check (one), epoch bigint not null, holder text not null)`
const FIRST = `insert into control (epoch, holder) values (0, 'nobody') on conflict do nothing`

/** That a home has moved in, written with its rows: which it was, by a digest of them, and how often the turn had been given by then. */
const MOVED = `create table if not exists moved (
  one boolean primary key default true check (one), source text not null, rows bigint not null, epoch bigint not null)`

/** What a migration is run with. */
export interface PostgresMigration {
  /** URL of the role that owns the schema, or is to. */
  readonly ownerUrl: string
  /** Name of the role that Bailiwick runs under. */
  readonly role: string
  /** The `authority` key, which signs the rolls of new tables. */
  readonly signer: RowSigner
  /** Statements for further schemas, run by the owner in one transaction of their own. */
  readonly more: readonly string[]
}

/**
 * Brings the database to this version, and gives the role what it needs and no more. May be run as often as wanted.
 * Throws `store.unavailable`, `store.newer`, `store.migration`, `store.role` where the role is not there, or could rewrite what it records.
 */
export async function migratePostgres(of: PostgresMigration): Promise<void> {
  const pool = openPool(of.ownerUrl)
  const dialect = postgresDialect(pool)
  const db = new Kysely<unknown>({ dialect: dialect.dialect })
  try {
    const { rows } = await sql<{ own: boolean; super: boolean }>`
      select rolname = current_user as own, rolsuper as super from pg_roles
      where rolname = ${of.role}`.execute(db)
    const [role] = rows
    if (role === undefined) {
      throw fault('store.role', `the role ${of.role} is not there: create role ${of.role} login`)
    }
    if (role.own || role.super) {
      throw fault(
        'store.role',
        `the role ${of.role} of DATABASE_URL is the owner or a superuser: it could rewrite what it records`,
      )
    }
    await run(db, [`create schema if not exists ${STORE_SCHEMA}`, CONTROL, FIRST, MOVED])
    await migrate(db, dialect, new SignedRows(of.signer))
    await run(db, [...grants(of.role), ...of.more])
    await checkRole(db, of.role)
  } catch (error) {
    throw asStoreFault(error)
  } finally {
    await db.destroy()
  }
}

/** Throws `store.migrate` where the schema is behind this version, `store.newer` where it is ahead. */
export async function checkVersion(db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{ name: string }>`select name from schema_migrations`.execute(db)
  const there = new Set(rows.map(({ name }) => name))
  const unknown = [...there].find((name) => !(name in SCHEMA_STEPS))
  if (unknown !== undefined) {
    throw fault('store.newer', `the database has schema step \`${unknown}\` of a newer version`)
  }
  const behind = Object.keys(SCHEMA_STEPS).find((name) => !there.has(name))
  if (behind !== undefined) {
    throw fault('store.migrate', `the database is without schema step \`${behind}\``)
  }
}

function grants(role: string): string[] {
  const to = `"${role.replaceAll('"', '""')}"`
  const all = `all tables in schema ${STORE_SCHEMA}`
  return [
    `revoke all on schema ${STORE_SCHEMA} from public`,
    `grant usage on schema ${STORE_SCHEMA} to ${to}`,
    `grant select, insert, update, delete on ${all} to ${to}`,
    `revoke insert, update, delete on schema_migrations, schema_migrations_lock, moved from ${to}`,
    `revoke insert, delete on control from ${to}`,
  ]
}

async function run(db: Kysely<unknown>, statements: readonly string[]): Promise<void> {
  await db.transaction().execute(async (trx) => {
    for (const statement of statements) await sql.raw(statement).execute(trx)
  })
}
