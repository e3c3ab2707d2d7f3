// Holds how transactions are begun: one writer at a time, and reading that sees one moment.

import type { Kysely } from 'kysely'

/** A transaction, or the one that is under way already. */
export interface Transactions {
  /** Everything in it is durable when it resolves, or none of it ever is; no two run at once. */
  write<R>(db: Kysely<unknown>, work: (db: Kysely<unknown>) => Promise<R>): Promise<R>
  /** Everything in it sees the same moment. */
  read<R>(db: Kysely<unknown>, work: (db: Kysely<unknown>) => Promise<R>): Promise<R>
}

/** For a database with one connection, which is one writer by itself. */
export const ONE_CONNECTION: Transactions = {
  write: (db, work) => (db.isTransaction ? work(db) : db.transaction().execute(work)),
  read: (db, work) => (db.isTransaction ? work(db) : db.transaction().execute(work)),
}
