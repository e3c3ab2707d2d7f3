// Holds the databases of end-to-end tests: where BAILIWICK_TEST_STORE is `postgres`, every home of a test has its rows there.

import { PostgresServer, type PostgresDatabase } from '../fakes/postgres.ts'
import { Child, MAIN } from './child.ts'

let cluster: Promise<PostgresServer> | undefined
let users = 0

/** A migrated database for a home, and its environment; undefined where tests are to use SQLite. */
export async function databaseOfTest(
  home: string,
): Promise<{ readonly environment: Record<string, string>; end(): Promise<void> } | undefined> {
  if (process.env['BAILIWICK_TEST_STORE'] !== 'postgres') return undefined
  users += 1
  cluster ??= PostgresServer.start()
  const server = await cluster
  const database = await server.database()
  await migrated(home, database)
  return {
    environment: { DATABASE_URL: database.url },
    async end() {
      users -= 1
      if (users > 0) return
      cluster = undefined
      await server[Symbol.asyncDispose]()
    },
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
