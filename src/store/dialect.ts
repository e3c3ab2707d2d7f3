// Holds what a database has to bring to carry the store: Kysely's dialect, and the two words on which databases differ.

import type { Dialect, RawBuilder } from 'kysely'
import type { Transactions } from './transactions.ts'

/** A database for the store. The schema uses nothing else that differs between SQLite and PostgreSQL. */
export interface StoreDialect {
  readonly dialect: Dialect
  /** Column type of 64-bit integers: `integer` in SQLite, `bigint` in PostgreSQL. */
  readonly integer: RawBuilder<unknown>
  /** Column type of texts, where it is not `text`: they are compared by their bytes. */
  readonly text?: RawBuilder<unknown>
  /** Absent: a database with one connection. */
  readonly transactions?: Transactions
  /** True where the schema is brought to its version elsewhere, by another role. */
  readonly prepared?: boolean
  /** What follows the closing parenthesis of CREATE TABLE: `strict` in SQLite. */
  readonly tableEnd?: RawBuilder<unknown>
  /** Folds back and cuts what the database still holds of deleted rows beside its tables. Absent: the database's own business. */
  readonly scrub?: () => void
}
