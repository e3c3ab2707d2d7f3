// Holds the opening of a store in PostgreSQL: the turn taken, the role and the version looked at, and the same repositories as everywhere.

import { Kysely } from 'kysely'
import type { Fault } from '../../std/fault.ts'
import type { Timer } from '../../std/timer.ts'
import { openStoreOn, type Store, type StoreOptions } from '../open.ts'
import { postgresDialect } from './dialect.ts'
import { DatabaseLease, type LeaseOptions } from './lease.ts'
import { checkRole, checkVersion } from './migrate.ts'
import { openPool } from './pool.ts'

/** What a store in PostgreSQL is opened with. */
export interface PostgresStoreOptions extends StoreOptions, Omit<LeaseOptions, 'timer'> {
  readonly timer: Timer
  /** Told once another process has taken the database over: this one can write nothing any more. */
  readonly onLost: (fault: Fault) => void
}

/**
 * Opens the store. Throws `store.database_url`, `store.unavailable`, `store.database_in_use`, `store.migrate`, `store.newer`, `store.role`.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const lease = await DatabaseLease.take(options)
  lease.onLost(options.onLost)
  const pool = openPool(options.url)
  const dialect = postgresDialect(pool, lease.epoch)
  const db = new Kysely<unknown>({ dialect: dialect.dialect })
  try {
    await checkVersion(db)
    await checkRole(db)
  } catch (error) {
    await db.destroy()
    await lease.release()
    throw error
  }
  const store = await openStoreOn({ ...dialect, prepared: true }, options)
  return {
    ...store,
    close: async () => {
      await store.close()
      await lease.release()
    },
  }
}
