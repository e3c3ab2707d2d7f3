// Holds the databases of end-to-end tests: where BAILIWICK_TEST_STORE is `postgres`, every home of a test has its rows there.

import type { PostgresDatabase } from '../fakes/postgres.ts'
import { databaseOf, ON_POSTGRES, postgresRows, sqliteRows, type TestRows } from '../fakes/rows.ts'
import { Child, MAIN } from './child.ts'

/** Where the rows of a home are that a server is to run on: in PostgreSQL where tests use it, and this one names no other place. */
export async function rowsOfTest(
  home: string,
  environment: Readonly<Record<string, string>>,
): Promise<TestRows> {
  if (!ON_POSTGRES || 'DATABASE_URL' in environment) return sqliteRows(home)
  const { database, fresh } = await databaseOf(home)
  if (fresh) await migrated(home, database)
  return postgresRows(database)
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
