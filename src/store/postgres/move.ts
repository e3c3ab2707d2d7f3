// Holds the move of a home's rows from SQLite to PostgreSQL: byte for byte, all of them or none.

import { DatabaseSync } from 'node:sqlite'
import { Kysely, sql } from 'kysely'
import { faults } from '../../std/fault.ts'
import { STORE_FAULTS } from '../faults.ts'
import { openStoreOn } from '../open.ts'
import type { RowSigner } from '../signed-rows.ts'
import { sqliteDialect } from '../sqlite.ts'
import { postgresDialect } from './dialect.ts'
import { asStoreFault, openPool } from './pool.ts'

const fault = faults(STORE_FAULTS)

/** Rows of one insert: PostgreSQL takes 65,535 parameters, and no table of ours has more than twenty columns. */
const BATCH = 1_000
const OWN = /^schema_migrations/

/** What is moved, and where. */
export interface RowMove {
  /** Path of `bailiwick.db`, at this version, which nobody has open. */
  readonly path: string
  /** URL of the role that owns the schema, which has been migrated. */
  readonly ownerUrl: string
  readonly signer: RowSigner
}

type Row = Readonly<Record<string, string | number | null>>

/**
 * Copies every row with its signature, in one transaction, and checks every roll before and after: begun again, it begins anew.
 * Gives rows by table. Throws `store.roll` where the rows are not whole as they are, `store.exists` where the database has rows
 * already, `store.unavailable`.
 */
export async function moveRows({ path, ownerUrl, signer }: RowMove): Promise<Map<string, number>> {
  const embedded = await openStoreOn(sqliteDialect(path), { signer })
  const [broken] = await embedded.check()
  await embedded.close()
  if (broken !== undefined) throw broken
  const source = new DatabaseSync(path, { readOnly: true })
  const pool = openPool(ownerUrl)
  const dialect = postgresDialect(pool)
  const db = new Kysely<unknown>({ dialect: dialect.dialect })
  try {
    const counts = await db.transaction().execute(async (trx) => {
      await refuseRows(trx, tablesOf(source))
      await sql`delete from rolls`.execute(trx)
      const moved = new Map<string, number>()
      for (const table of tablesOf(source)) moved.set(table, await copy(source, trx, table))
      return moved
    })
    const there = await openStoreOn({ ...dialect, prepared: true }, { signer })
    const [problem] = await there.check()
    if (problem !== undefined) throw problem
    return counts
  } catch (error) {
    throw asStoreFault(error)
  } finally {
    source.close()
    await db.destroy()
  }
}

/** Tables with rows of ours; what others point to comes first. */
function tablesOf(source: DatabaseSync): string[] {
  const rows = source
    .prepare(`select name from sqlite_master where type = 'table' and name not like 'sqlite_%'`)
    .all()
  const names = rows.map(({ name }) => String(name)).filter((name) => !OWN.test(name))
  return names.toSorted((a, b) => Number(a === 'certificates') - Number(b === 'certificates'))
}

async function refuseRows(db: Kysely<unknown>, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    if (table === 'rolls') continue
    const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(db)
    if (rows.length > 0) {
      throw fault(
        'store.exists',
        `the database has rows in ${table} already: a home moves into an empty one`,
      )
    }
  }
}

async function copy(source: DatabaseSync, db: Kysely<unknown>, table: string): Promise<number> {
  let batch: Row[] = []
  let count = 0
  const put = async (): Promise<void> => {
    const [first] = batch
    if (first === undefined) return
    const columns = Object.keys(first)
    const values = batch.map((row) => sql`(${sql.join(columns.map((c) => row[c] ?? null))})`)
    await sql`insert into ${sql.table(table)} (${sql.join(columns.map((c) => sql.ref(c)))})
      values ${sql.join(values)}`.execute(db)
    count += batch.length
    batch = []
  }
  for (const row of source.prepare(`select * from "${table}"`).iterate()) {
    batch.push(row as Row)
    if (batch.length === BATCH) await put()
  }
  await put()
  return count
}
