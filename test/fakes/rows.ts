// Holds where the rows of a test's home are: in SQLite, or in a database of their own where BAILIWICK_TEST_STORE is `postgres`.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after } from 'node:test'
import { systemTimer } from '../../src/std/timer.ts'
import { openStore, type Store } from '../../src/store/open.ts'
import { DatabaseLease } from '../../src/store/postgres/lease.ts'
import { migratePostgres } from '../../src/store/postgres/migrate.ts'
import { openPostgresStore } from '../../src/store/postgres/open.ts'
import type { RowSigner } from '../../src/store/signed-rows.ts'
import { PostgresServer, type PostgresDatabase } from './postgres.ts'

/** For tests that open rows, look at them, or write where nobody may. */
export interface TestRows {
  /** What a server needs to find them. */
  readonly environment: Record<string, string>
  /** Runs statements over the rows as whoever administers the database; gives how many the last changed. */
  edit(statements: string): Promise<number>
  /** Everything that a reader of the database gets: of files all bytes, of PostgreSQL all rows. */
  text(): Promise<string>
  /** Takes a copy of what stands there; the answer puts it back, while nobody has them open. */
  keep(): Promise<() => Promise<void>>
  /** Opens them for reading alone, beside whoever runs. */
  look(signer: RowSigner): Promise<Store>
  /** Opens them; nobody runs on the home meanwhile. */
  open(signer: RowSigner): Promise<Store>
}

/** Whether tests have their rows in PostgreSQL. */
export const ON_POSTGRES = process.env['BAILIWICK_TEST_STORE'] === 'postgres'

let cluster: Promise<PostgresServer> | undefined
/** A home that is opened again has its rows where they were. */
const databases = new Map<string, PostgresDatabase>()

// At the end of the file that has the tests: a hook that is asked for within one would end with that.
if (ON_POSTGRES) after(async () => (await cluster)?.[Symbol.asyncDispose]())

/** The database of a home, and whether it was made just now. */
export async function databaseOf(
  home: string,
): Promise<{ readonly database: PostgresDatabase; readonly fresh: boolean }> {
  cluster ??= PostgresServer.start()
  const known = databases.get(home)
  const database = known ?? (await (await cluster).database())
  databases.set(home, database)
  return { database, fresh: known === undefined }
}

/** Rows of a home that no server runs on. */
export async function rowsOf(home: string): Promise<TestRows> {
  if (!ON_POSTGRES) return sqliteRows(home)
  const { database, fresh } = await databaseOf(home)
  const rows = postgresRows(database)
  if (!fresh) return rows
  let migrated: Promise<void> | undefined
  return {
    ...rows,
    async open(signer) {
      migrated ??= migratePostgres({ ...database, signer, more: [] })
      await migrated
      return rows.open(signer)
    },
  }
}

/** Rows in a database that is migrated. */
export function postgresRows({ url, name }: PostgresDatabase): TestRows {
  return {
    environment: { DATABASE_URL: url },
    async edit(statements) {
      const server = await cluster
      if (server === undefined) throw new Error('no database was started')
      return server.change(`set search_path = bailiwick; ${statements}`, name)
    },
    async text() {
      const server = await cluster
      const all = `select string_agg(query_to_xml(format('select * from bailiwick.%I', tablename), true, false, '')::text, '') as text
        from pg_tables where schemaname = 'bailiwick'`
      return String((await server?.query(all, name))?.[0]?.['text'])
    },
    async keep() {
      const each = (statements: string): string => `do $$ declare t text; begin
        for t in select tablename from pg_tables where schemaname = 'bailiwick' and tablename <> 'control' loop
          ${statements}
        end loop; end $$`
      await this.edit('drop schema if exists kept cascade; create schema kept')
      await this.edit(each(`execute format('create table kept.%I as table bailiwick.%I', t, t);`))
      const back = `execute format('delete from bailiwick.%I', t);
        execute format('insert into bailiwick.%I select * from kept.%I', t, t);`
      return async () => {
        await this.edit(`set session_replication_role = replica; ${each(back)}`)
      }
    },
    // A turn that nobody was ever given: what is written under it is refused.
    look: (signer) => openPostgresStore({ url, signer, lease: { epoch: -1 } }),
    async open(signer) {
      const lease = await DatabaseLease.take({
        url,
        timer: systemTimer,
        holder: 'a test',
        wait: false,
      })
      const store = await openPostgresStore({ url, signer, lease })
      return { ...store, close: () => store.close().then(() => lease.release()) }
    },
  }
}

/** Rows in a home's own database. */
export function sqliteRows(home: string): TestRows {
  return {
    environment: {},
    edit(statements) {
      const database = new DatabaseSync(join(home, 'bailiwick.db'))
      database.exec(statements)
      const { changed } = database.prepare('select changes() as changed').get() as {
        changed: number
      }
      database.close()
      return Promise.resolve(changed)
    },
    text() {
      const files = readdirSync(home).filter((file) => file.startsWith('bailiwick.db'))
      return Promise.resolve(files.map((file) => readFileSync(join(home, file), 'latin1')).join(''))
    },
    keep() {
      const path = join(home, 'bailiwick.db')
      const old = readFileSync(path)
      return Promise.resolve(() => Promise.resolve(writeFileSync(path, old)))
    },
    look: (signer) => openStore({ directory: home, signer }),
    open: (signer) => openStore({ directory: home, signer }),
  }
}
