// Holds the opening of a store in PostgreSQL: the role and the version looked at, and the same repositories as everywhere.

import { Kysely } from 'kysely'
import { openStoreOn, type Store, type StoreOptions } from '../open.ts'
import { postgresDialect } from './dialect.ts'
import type { DatabaseLease } from './lease.ts'
import { checkVersion } from './migrate.ts'
import { openPool } from './pool.ts'
import { checkRole } from './role.ts'

/** What a store in PostgreSQL is opened with. */
export interface PostgresStoreOptions extends StoreOptions {
  readonly url: string
  /** The turn at the database, which stays its owner's to release. */
  readonly lease: Pick<DatabaseLease, 'epoch'>
}

/** Opens the store. Throws `store.database_url`, `store.unavailable`, `store.migrate`, `store.newer`, `store.role`. */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { lease } = options
  const pool = openPool(options.url)
  const dialect = postgresDialect(pool, lease.epoch)
  const db = new Kysely<unknown>({ dialect: dialect.dialect })
  try {
    await checkVersion(db)
    await checkRole(db)
  } catch (error) {
    await db.destroy()
    throw error
  }
  return openStoreOn({ ...dialect, prepared: true }, options)
}
