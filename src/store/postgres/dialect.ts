// Holds the dialect of PostgreSQL: Kysely's own, with errors that say what to do, and one writer at a time behind a fence.

import {
  PostgresDialect,
  PostgresDriver,
  sql,
  type DatabaseConnection,
  type Driver,
  type Kysely,
  type PostgresDialectConfig,
} from 'kysely'
import type { Pool } from 'pg'
import { faults } from '../../std/fault.ts'
import type { StoreDialect } from '../dialect.ts'
import { STORE_FAULTS } from '../faults.ts'
import type { Transactions } from '../transactions.ts'
import { asStoreFault } from './outage.ts'

const fault = faults(STORE_FAULTS)

/** Times that a transaction is run again where PostgreSQL undid it to let another through. */
const RETRIES = 3
/** Serialization failure and deadlock: undone as a whole, so that the whole may be run again. */
const UNDONE: readonly unknown[] = ['40001', '40P01']

/** Turns what breaks on the way into `store.unavailable`. */
class SpeakingDriver extends PostgresDriver {
  readonly #known = new WeakSet<DatabaseConnection>()

  override async acquireConnection(
    ...options: Parameters<PostgresDriver['acquireConnection']>
  ): Promise<DatabaseConnection> {
    try {
      const connection = await super.acquireConnection(...options)
      if (!this.#known.has(connection)) {
        this.#known.add(connection)
        const run = connection.executeQuery.bind(connection)
        connection.executeQuery = async <R>(...query: Parameters<typeof run>) => {
          try {
            return await run<R>(...query)
          } catch (error) {
            throw asStoreFault(error)
          }
        }
      }
      return connection
    } catch (error) {
      throw asStoreFault(error)
    }
  }
}

class SpeakingDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig

  constructor(config: PostgresDialectConfig) {
    super(config)
    this.#config = config
  }

  override createDriver(): Driver {
    return new SpeakingDriver(this.#config)
  }
}

/**
 * The dialect over a pool. `epoch` is this process's turn at the database: every transaction that writes first locks the one row that
 * says whose turn it is, so that writers come one after the other, and one whose turn is over writes nothing (`store.fenced`).
 * Without it the database is being migrated, and nobody else writes.
 */
export function postgresDialect(pool: Pool, epoch?: number): StoreDialect {
  return {
    dialect: new SpeakingDialect({ pool }),
    integer: sql`bigint`,
    // Ids are compared and ordered by their bytes, as everywhere else.
    text: sql`text collate "C"`,
    transactions: postgresTransactions(epoch),
  }
}

/**
 * A commit of ours is on the database's disk, whatever the role, the database or the server has for a default: what was answered with
 * success must outlive the next moment. Only where the default promises less: `remote_apply` is left alone.
 */
export const DURABLE = `set_config('synchronous_commit', case when current_setting('synchronous_commit') in ('off', 'local', 'remote_write')
  then 'on' else current_setting('synchronous_commit') end, true)`

/** The first statement of a transaction that writes: durable, and behind the fence where there is one. Throws `store.fenced`. */
export async function begin(trx: Kysely<unknown>, epoch?: number): Promise<void> {
  if (epoch === undefined) {
    await sql`select ${sql.raw(DURABLE)}`.execute(trx)
    return
  }
  const { rows } = await sql`
    select ${sql.raw(DURABLE)} from (select 1 from control where epoch = ${epoch} for update) turn`.execute(
    trx,
  )
  if (rows.length > 0) return
  const { rows: others } = await sql<{ holder: string }>`select holder from control`.execute(trx)
  throw fencedBy(others[0]?.holder)
}

/** `store.fenced`, with the name of who has the turn. */
export function fencedBy(holder: string | undefined): Error {
  const who = holder ?? 'another process'
  return fault('store.fenced', `${who} has taken this database over`)
}

function postgresTransactions(epoch: number | undefined): Transactions {
  return {
    async write(db, work) {
      if (db.isTransaction) return work(db)
      for (let tries = 1; ; tries++) {
        try {
          return await db.transaction().execute(async (trx) => {
            await begin(trx, epoch)
            return work(trx)
          })
        } catch (error) {
          const code = error instanceof Error && 'code' in error ? error.code : undefined
          if (tries > RETRIES || !UNDONE.includes(code)) throw error
        }
      }
    },
    read: (db, work) =>
      db.isTransaction
        ? work(db)
        : db.transaction().setIsolationLevel('repeatable read').execute(work),
  }
}
