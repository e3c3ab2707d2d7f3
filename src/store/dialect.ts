// Holds what a database has to bring to carry the store: Kysely's dialect, and the two words on which databases differ.

import type { Dialect, RawBuilder } from 'kysely'

/** A database for the store. The schema uses nothing else that differs between SQLite and PostgreSQL. */
export interface StoreDialect {
  readonly dialect: Dialect
  /** Column type of 64-bit integers: `integer` in SQLite, `bigint` in PostgreSQL. */
  readonly integer: RawBuilder<unknown>
  /** What follows the closing parenthesis of CREATE TABLE: `strict` in SQLite. */
  readonly tableEnd?: RawBuilder<unknown>
  /** Folds back and cuts what the database still holds of deleted rows beside its tables. Absent: the database's own business. */
  readonly scrub?: () => void
}
