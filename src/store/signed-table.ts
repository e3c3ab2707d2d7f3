// Holds the repository of one signed table: nothing is read that does not verify, nothing is written that is not signed.

import { sql, type Kysely } from 'kysely'
import { Fault, faults } from '../std/fault.ts'
import { canonicalJson, type JsonObject } from '../std/json.ts'
import type { Receipt } from '../wire/record.ts'
import { STORE_FAULTS } from './faults.ts'
import { Roll } from './roll.ts'
import type { SignedColumns, SignedRows } from './signed-rows.ts'
import type { Transactions } from './transactions.ts'
import { onRoll, type ColumnValue, type TableShape } from './table.ts'

const fault = faults(STORE_FAULTS)

/** A document as it stands in the database, with the leaf hash of the record that it names. */
export interface Held<T> {
  readonly doc: T
  readonly leaf: string
  /** Its signature: what `replace` compares, since no two versions of a row share one. */
  readonly sig: string
}

/** Told of every row that is no authority because it does not verify. */
export type OnRefused = (refused: Fault, table: string, id: string) => void

/** A signed table. Callers append the audit record first and hand over its receipt (INV-13). */
export interface SignedRepository<T> {
  /** Rows that verify, in the order of their ids; `where` compares derived columns. Others are reported and left out. */
  all(where?: Where): Promise<Held<T>[]>
  /** The row with this id, when it is there and verifies. */
  get(id: string): Promise<Held<T> | undefined>
  /** Adds a row. Throws `store.exists` when its id, or another unique column, is taken. */
  insert(doc: T, receipt: Receipt): Promise<Held<T>>
  /** Compare-and-swap on `held.sig`. Throws `store.conflict` when the row is no longer the one that was read. */
  replace(held: Held<T>, doc: T, receipt: Receipt): Promise<Held<T>>
  /**
   * Deletes rows whose derived column is below a value and that no roll counts, and says how many: what has ended is history,
   * and history is the log's. Never more than 10,000 at once, so that nobody waits long for it.
   */
  prune(column: string, below: number): Promise<number>
  /**
   * Deletes every row whose derived columns say so, and where `below` is given those alone whose column is less, of a table that no
   * roll counts. Says how many there were.
   */
  remove(where: Where, below?: { readonly column: string; readonly value: number }): Promise<number>
  /** What is wrong with the table as a whole: rows deleted or put back by hand. */
  check(): Promise<Fault | undefined>
  /** Makes the roll count what verifies now; only ever on a person's word, which the receipt records. */
  adopt(receipt: Receipt): Promise<void>
}

/** Columns and what they equal, or are one of. */
type Where = Readonly<Record<string, ColumnValue | readonly ColumnValue[]>>

/** What says that a row is ours: its own signature, or a roll that agrees with all of them. */
type Voucher = 'signature' | 'roll'

interface Row extends SignedColumns {
  readonly id: string
  readonly [column: string]: ColumnValue
}

/** The one implementation of a signed table, for every shape and dialect. */
export class SignedTable<T> implements SignedRepository<T> {
  readonly #db: Kysely<unknown>
  readonly #rows: SignedRows
  readonly #shape: TableShape<T>
  readonly #onRefused: OnRefused
  readonly #transactions: Transactions
  readonly #roll: Roll | undefined
  /** Selects the rows that the roll counts. */
  readonly #filter: Where | undefined

  constructor(
    db: Kysely<unknown>,
    rows: SignedRows,
    shape: TableShape<T>,
    onRefused: OnRefused,
    transactions: Transactions,
  ) {
    this.#transactions = transactions
    this.#db = db
    this.#rows = rows
    this.#shape = shape
    this.#onRefused = onRefused
    this.#filter = rollFilter(shape)
    this.#roll = shape.roll === undefined ? undefined : new Roll(rows, shape.table)
  }

  async all(where: Where = {}): Promise<Held<T>[]> {
    // Where the roll agrees with exactly these rows, it vouches for them, and the look at each signature is saved.
    if (sameFilter(where, this.#filter)) return (await this.#rolled()).held
    return this.#accepted(await this.#select(this.#db, where))
  }

  async get(id: string): Promise<Held<T> | undefined> {
    return this.#accepted(await this.#select(this.#db, { id }))[0]
  }

  async insert(doc: T, receipt: Receipt): Promise<Held<T>> {
    const row = this.#row(doc, receipt.leaf)
    const columns = Object.keys(row)
    await this.#inTransaction(async (db) => {
      const { rows } = await sql`
        insert into ${sql.table(this.#shape.table)} (${sql.join(columns.map((c) => sql.ref(c)))})
        values (${sql.join(Object.values(row))}) on conflict do nothing returning id`.execute(db)
      if (rows.length === 0) {
        throw fault('store.exists', `${this.#shape.table} has \`${row.id}\`, or its key, already`)
      }
      await this.#roll?.change(db, undefined, onRoll(this.#shape, doc) ? row : undefined, row.leaf)
    })
    return { doc, leaf: row.leaf, sig: row.sig }
  }

  async replace(held: Held<T>, doc: T, receipt: Receipt): Promise<Held<T>> {
    const row = this.#row(doc, receipt.leaf)
    // Not signed anew: the signature that was read is the one that the roll counts.
    const text = canonicalJson(held.doc as unknown as JsonObject)
    const before = { id: this.#shape.id(held.doc), doc: text, leaf: held.leaf, sig: held.sig }
    if (row.id !== before.id) throw new TypeError('a row keeps its id')
    await this.#inTransaction(async (db) => {
      const set = Object.entries(row).map(([column, value]) => sql`${sql.ref(column)} = ${value}`)
      const { rows } = await sql`
        update ${sql.table(this.#shape.table)} set ${sql.join(set)}
        where id = ${row.id} and sig = ${before.sig} returning id`.execute(db)
      if (rows.length === 0) {
        throw fault('store.conflict', `\`${row.id}\` of ${this.#shape.table} has changed meanwhile`)
      }
      await this.#roll?.change(
        db,
        onRoll(this.#shape, held.doc) ? before : undefined,
        onRoll(this.#shape, doc) ? row : undefined,
        row.leaf,
      )
    })
    return { doc, leaf: row.leaf, sig: row.sig }
  }

  async prune(column: string, below: number): Promise<number> {
    const counted = this.#shape.roll
    if (counted === 'all') throw new TypeError('rows of this table are kept')
    const off =
      counted === undefined
        ? sql``
        : sql`and ${sql.ref(counted.column)} not in (${sql.join(counted.values)})`
    const table = sql.table(this.#shape.table)
    const { rows } = await this.#inTransaction((db) =>
      sql<{ id: string }>`delete from ${table} where id in
      (select id from ${table} where ${sql.ref(column)} < ${below} ${off} limit 10000)
      returning id`.execute(db),
    )
    return rows.length
  }

  async remove(where: Where, below?: { column: string; value: number }): Promise<number> {
    if (this.#shape.roll !== undefined) throw new TypeError('rows of this table are kept')
    const table = sql.table(this.#shape.table)
    const { rows } = await this.#inTransaction((db) =>
      sql<{ id: string }>`delete from ${table} ${filterOf(where, below)} returning id`.execute(db),
    )
    return rows.length
  }

  async check(): Promise<Fault | undefined> {
    return (await this.#rolled()).problem
  }

  async adopt(receipt: Receipt): Promise<void> {
    const filter = this.#filter
    if (this.#roll === undefined || filter === undefined) return
    const rows = await this.#select(this.#db, filter)
    await this.#roll.write(this.#db, this.#verified(rows), receipt.leaf)
  }

  /** The rows that the roll counts, and what is wrong with them as a whole. Rows and roll are read in one transaction. */
  #rolled(): Promise<{ readonly held: Held<T>[]; readonly problem?: Fault }> {
    const [roll, filter] = [this.#roll, this.#filter]
    if (roll === undefined || filter === undefined) return Promise.resolve({ held: [] })
    return this.#transactions.read(this.#db, async (db) => {
      const rows = await this.#select(db, filter)
      if ((await roll.check(db, rows)) === undefined) {
        const held = rows.map((row) => this.#open(row, 'roll'))
        if (held.every((row): row is Held<T> => !(row instanceof Fault))) return { held }
      }
      // Row by row, then: one put in by hand is no authority and takes none away, one that is missing does.
      const held = this.#accepted(rows)
      const problem = await roll.check(db, this.#verified(rows))
      return { held, ...(problem === undefined ? {} : { problem }) }
    })
  }

  #row(doc: T, leaf: string): Row {
    // Documents are plain data of our own making; canonicalJson throws on anything else.
    const signed = this.#rows.seal(this.#shape.table, doc as unknown as JsonObject, leaf)
    return { id: this.#shape.id(doc), ...this.#shape.columns(doc), ...signed }
  }

  async #select(db: Kysely<unknown>, where: Where): Promise<readonly Row[]> {
    const { rows } = await sql<Row>`
      select * from ${sql.table(this.#shape.table)} ${filterOf(where)} order by id`.execute(db)
    return rows
  }

  #verified(rows: readonly Row[]): readonly Row[] {
    return rows.filter((row) => !(this.#open(row, 'signature') instanceof Fault))
  }

  /** What the rows hold that verify by themselves; the others are reported. */
  #accepted(rows: readonly Row[]): Held<T>[] {
    return rows.flatMap((row) => {
      const held = this.#open(row, 'signature')
      if (!(held instanceof Fault)) return held
      this.#onRefused(held, this.#shape.table, row.id)
      return []
    })
  }

  /** The row of a document that is vouched for, when its columns say what the document says. */
  #open(row: Row, voucher: Voucher): Held<T> | Fault {
    const { table, id, columns } = this.#shape
    try {
      const open = voucher === 'roll' ? 'read' : 'open'
      // What is vouched for is ours, so the document has the shape that we gave it.
      const doc = this.#rows[open](table, row.id, row) as unknown as T
      const derived = { id: id(doc), ...columns(doc) }
      const other = Object.entries(derived).find(([column, value]) => row[column] !== value)
      if (other === undefined) return { doc, leaf: row.leaf, sig: row.sig }
      return fault(
        'store.unsigned_row',
        `row \`${row.id.slice(0, 128)}\` of ${table} says otherwise in column ${other[0]} than in its document`,
      )
    } catch (error) {
      if (error instanceof Fault) return error
      throw error
    }
  }

  #inTransaction<R>(work: (db: Kysely<unknown>) => Promise<R>): Promise<R> {
    return this.#transactions.write(this.#db, work)
  }
}

function filterOf(where: Where, below?: { readonly column: string; readonly value: number }) {
  const conditions = Object.entries(where).map(([column, value]) =>
    Array.isArray(value)
      ? sql<boolean>`${sql.ref(column)} in (${sql.join(value)})`
      : sql<boolean>`${sql.ref(column)} = ${value}`,
  )
  if (below !== undefined) conditions.push(sql<boolean>`${sql.ref(below.column)} < ${below.value}`)
  return conditions.length === 0 ? sql`` : sql`where ${sql.join(conditions, sql` and `)}`
}

function rollFilter<T>({ roll }: TableShape<T>): Where | undefined {
  if (roll === undefined || roll === 'all') return roll === 'all' ? {} : undefined
  const [only, ...more] = roll.values
  return { [roll.column]: more.length === 0 && only !== undefined ? only : roll.values }
}

function sameFilter(where: Where, filter: Where | undefined): boolean {
  return filter !== undefined && JSON.stringify(where) === JSON.stringify(filter)
}
