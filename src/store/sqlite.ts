// Holds the embedded dialect: Kysely's SQLite over `node:sqlite`, opened for durability.

import { closeSync, existsSync, openSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import {
  SqliteAdapter,
  SqliteDialect,
  sql,
  type Dialect,
  type SqliteDatabase,
  type SqliteStatement,
} from 'kysely'
import { checkPrivate } from './permissions.ts'
import type { StoreDialect } from './dialect.ts'

/** SQLite undoes a CREATE TABLE with its transaction; Kysely's adapter does not say so, and would leave half a migration. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

class TransactionalSqliteDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new TransactionalSqliteAdapter()
  }
}

/** The face that Kysely's dialect asks of a database. Integers beyond 2^53 throw instead of being rounded. */
function face(database: DatabaseSync): SqliteDatabase {
  return {
    close: () => database.close(),
    prepare(text): SqliteStatement {
      const statement = database.prepare(text)
      return {
        reader: statement.columns().length > 0,
        all: (values) => statement.all(...(values as readonly SQLInputValue[])),
        run: (values) => statement.run(...(values as readonly SQLInputValue[])),
        iterate: (values) => statement.iterate(...(values as readonly SQLInputValue[])),
      }
    },
  }
}

/**
 * Opens (or makes, 0600) the database file. A statement that has returned is on the disk: WAL with `synchronous=FULL`
 * syncs every commit. Throws `store.permissions` where the file or its companions are open to others.
 */
export function sqliteDialect(path: string): StoreDialect {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) checkPrivate(file, 'file')
  // SQLite gives its companions the mode of the database file, so that one has to be right before it is opened.
  if (!existsSync(path)) closeSync(openSync(path, 'wx', 0o600))
  const database = new DatabaseSync(path, { timeout: 5000, enableForeignKeyConstraints: true })
  // The write-ahead log is folded back every 1000 pages and cut to 64 MiB, so that it never grows without bound.
  // What is deleted or replaced is overwritten with zeros: a key that was destroyed must not stay in a free page.
  database.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF; PRAGMA secure_delete=ON;
    PRAGMA wal_autocheckpoint=1000; PRAGMA journal_size_limit=67108864;`)
  const dialect: Dialect = new TransactionalSqliteDialect({ database: face(database) })
  return {
    dialect,
    integer: sql`integer`,
    tableEnd: sql`strict`,
    scrub: () => database.exec('PRAGMA wal_checkpoint(TRUNCATE)'),
  }
}
