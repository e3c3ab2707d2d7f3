// Holds the move of a home's rows from SQLite to PostgreSQL: byte for byte, all of them or none.

import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { Kysely, sql } from 'kysely'
import { faults } from '../../std/fault.ts'
import { STORE_FAULTS } from '../faults.ts'
import { firstTrouble, openStoreOn } from '../open.ts'
import type { RowSigner } from '../signed-rows.ts'
import { sqliteDialect } from '../sqlite.ts'
import { begin, postgresDialect } from './dialect.ts'
import { asStoreFault } from './outage.ts'
import { openPool } from './pool.ts'

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
  /** Told when everything is copied and checked, and nothing of it is committed. */
  readonly onCopied?: () => void
}

type Row = Readonly<Record<string, string | number | null>>

/**
 * Copies every row with its signature, and gives how many. In one transaction: the copy, the check of every roll there, and the word that
 * this home has moved, which a crash leaves all or none of. Begun again, it finds what it did: the same rows are there and are not copied
 * twice; where they have changed here since and nobody has run there, they are copied anew. Throws `store.roll` where the rows are
 * not whole as they are, `store.exists` where the database has rows of its own, `store.unavailable`.
 */
export async function moveRows(move: RowMove): Promise<number> {
  const { path, ownerUrl, signer } = move
  const embedded = await openStoreOn(sqliteDialect(path), { signer })
  const [broken] = await embedded.check()
  await embedded.close()
  if (broken !== undefined) throw broken
  const source = new DatabaseSync(path, { readOnly: true })
  const db = new Kysely<unknown>({ dialect: postgresDialect(openPool(ownerUrl)).dialect })
  try {
    return await db.transaction().execute(async (trx) => {
      await begin(trx)
      return await moveIn(source, trx, move)
    })
  } catch (error) {
    throw asStoreFault(error)
  } finally {
    source.close()
    await db.destroy()
  }
}

async function moveIn(
  source: DatabaseSync,
  trx: Kysely<unknown>,
  { signer, onCopied }: RowMove,
): Promise<number> {
  // Behind the turn: nobody takes it, and no second move begins, before this one has ended.
  const turn = await sql<{ epoch: number }>`select epoch from control for update`.execute(trx)
  const epoch = turn.rows[0]?.epoch
  if (epoch === undefined) throw fault('store.migrate', 'the database has no schema of ours')
  const tables = tablesOf(source)
  const digest = digestOf(source, tables)
  const found = await sql<Moved>`select source, rows, epoch from moved`.execute(trx)
  const [before] = found.rows
  if (before?.source === digest) return before.rows
  // What was copied and never used is replaced; whatever else is there stays.
  if (before?.epoch === epoch) await clear(trx, tables)
  else await refuseRows(trx, tables)
  await sql`delete from rolls`.execute(trx)
  let rows = 0
  for (const table of tables) rows += await copy(source, trx, table)
  const problem = await firstTrouble(trx, { signer })
  if (problem !== undefined) throw problem
  await sql`insert into moved (source, rows, epoch) values (${digest}, ${rows}, ${epoch})
    on conflict (one) do update set source = excluded.source, rows = excluded.rows`.execute(trx)
  onCopied?.()
  return rows
}

interface Moved {
  readonly source: string
  readonly rows: number
  readonly epoch: number
}

/** SHA-256 over every row of these tables, in the order of their keys: the same rows give the same digest. */
function digestOf(source: DatabaseSync, tables: readonly string[]): string {
  const hash = createHash('sha256')
  for (const table of tables) {
    const columns = source.prepare(`select name, pk from pragma_table_info('${table}')`).all()
    const key = columns.filter(({ pk }) => Number(pk) > 0).map(({ name }) => `"${String(name)}"`)
    const order = key.length === 0 ? 'rowid' : key.join(', ')
    hash.update(`${table}\n`)
    for (const row of source.prepare(`select * from "${table}" order by ${order}`).iterate()) {
      hash.update(`${JSON.stringify(row)}\n`)
    }
  }
  return hash.digest('hex')
}

async function clear(db: Kysely<unknown>, tables: readonly string[]): Promise<void> {
  for (const table of tables.toReversed()) await sql`delete from ${sql.table(table)}`.execute(db)
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
