// Holds the databases of end-to-end tests: where BAILIWICK_TEST_STORE is `postgres`, every home of a test has its rows there.

import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { systemTimer } from '../../src/std/timer.ts'
import { openStore, type Store } from '../../src/store/open.ts'
import { DatabaseLease } from '../../src/store/postgres/lease.ts'
import { openPostgresStore } from '../../src/store/postgres/open.ts'
import type { RowSigner } from '../../src/store/signed-rows.ts'
import { PostgresServer, type PostgresDatabase } from '../fakes/postgres.ts'
import { Child, MAIN } from './child.ts'

let cluster: Promise<PostgresServer> | undefined
let users = 0
/** A home that is started again has its rows where they were. */
const databases = new Map<string, PostgresDatabase>()

/** Where the rows of a test's home are, for tests that look at them, or write where nobody may. */
export interface TestRows {
  readonly environment: Record<string, string>
  /** Runs a statement over the rows as whoever administers the database; gives how many it changed. */
  edit(statement: string): Promise<number>
  /** Opens them; nobody runs on the home meanwhile. */
  open(signer: RowSigner): Promise<Store>
  end(): Promise<void>
}

/** Where the rows of a home are: in a migrated database of its own where BAILIWICK_TEST_STORE is `postgres` and the test names none. */
export async function rowsOfTest(
  home: string,
  environment: Readonly<Record<string, string>>,
): Promise<TestRows> {
  const postgres = process.env['BAILIWICK_TEST_STORE'] === 'postgres'
  if (!postgres || 'DATABASE_URL' in environment) return rowsInSqlite(home)
  users += 1
  cluster ??= PostgresServer.start()
  const server = await cluster
  const database = databases.get(home) ?? (await server.database())
  databases.set(home, database)
  await migrated(home, database)
  return {
    environment: { DATABASE_URL: database.url },
    edit: (statement) => server.change(`set search_path = bailiwick; ${statement}`, database.name),
    async open(signer) {
      const { url } = database
      const lease = await DatabaseLease.take({
        url,
        timer: systemTimer,
        holder: 'a test',
        wait: false,
      })
      const store = await openPostgresStore({ url, signer, lease })
      return { ...store, close: () => store.close().then(() => lease.release()) }
    },
    async end() {
      users -= 1
      if (users > 0) return
      cluster = undefined
      databases.clear()
      await server[Symbol.asyncDispose]()
    },
  }
}

function rowsInSqlite(home: string): TestRows {
  return {
    environment: {},
    edit(statement) {
      const database = new DatabaseSync(join(home, 'bailiwick.db'))
      const { changes } = database.prepare(statement).run()
      database.close()
      return Promise.resolve(Number(changes))
    },
    open: (signer) => openStore({ directory: home, signer }),
    end: () => Promise.resolve(),
  }
}

/** Runs `bailiwick migrate` as an administrator does. */
export async function migrated(
  home: string,
  { url, ownerUrl }: PostgresDatabase,
  ...more: readonly string[]
): Promise<string> {
  const environment = { DATABASE_URL: url, BAILIWICK_OWNER_DATABASE_URL: ownerUrl }
  await using child = new Child([MAIN, '--home', home, 'migrate', ...more], environment)
  const { code, stdout, stderr } = await child.ended
  if (code !== 0) throw new Error(`migrate: ${stderr}`)
  return stdout
}
