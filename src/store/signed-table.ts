// Holds the repository of one signed table: nothing is read that does not verify, nothing is written that is not signed.

import { sql, type Kysely } from 'kysely'
import { Fault, faults } from '../std/fault.ts'
import type { JsonObject } from '../std/json.ts'
import type { Receipt } from '../wire/record.ts'
import { STORE_FAULTS } from './faults.ts'
import { Roll, type Counted } from './roll.ts'
import type { SignedColumns, SignedRows } from './signed-rows.ts'
import { onRoll, type ColumnValue, type TableShape } from './table.ts'

const fault = faults(STORE_FAULTS)

/** A document as it stands in the database, with the leaf hash of the record that it names. */
export interface Held<T> {
  readonly doc: T
  readonly leaf: string
}

/** Told of every row that is no authority because it does not verify. */
export type OnRefused = (refused: Fault, table: string, id: string) => void

/** A signed table. Callers append the audit record first and hand over its receipt (INV-13). */
export interface SignedRepository<T> {
  /** Rows that verify, in the order of their ids; `where` compares derived columns. Others are reported and left out. */
  all(where?: Readonly<Record<string, ColumnValue | readonly ColumnValue[]>>): Promise<Held<T>[]>
  /** The row with this id, when it is there and verifies. */
  get(id: string): Promise<Held<T> | undefined>
  /** Adds a row. Throws `store.exists` when its id, or another unique column, is taken. */
  insert(doc: T, receipt: Receipt): Promise<Held<T>>
  /** Compare-and-swap on `held.leaf`. Throws `store.conflict` when the row is no longer the one that was read. */
  replace(held: Held<T>, doc: T, receipt: Receipt): Promise<Held<T>>
  /** What is wrong with the table as a whole: rows deleted or put back by hand. */
  check(): Promise<Fault | undefined>
  /** Makes the roll count what verifies now; only ever on a person's word, which the receipt records. */
  adopt(receipt: Receipt): Promise<void>
}

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
  readonly #roll: Roll | undefined

  constructor(db: Kysely<unknown>, rows: SignedRows, shape: TableShape<T>, onRefused: OnRefused) {
    this.#db = db
    this.#rows = rows
    this.#shape = shape
    this.#onRefused = onRefused
    this.#roll = shape.roll === undefined ? undefined : new Roll(rows, shape.table)
  }

  async all(
    where: Readonly<Record<string, ColumnValue | readonly ColumnValue[]>> = {},
  ): Promise<Held<T>[]> {
    return (await this.#select(where)).flatMap((row) => this.#accept(row) ?? [])
  }

  async get(id: string): Promise<Held<T> | undefined> {
    const [row] = await this.#select({ id })
    return row === undefined ? undefined : this.#accept(row)
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
    return { doc, leaf: row.leaf }
  }

  async replace(held: Held<T>, doc: T, receipt: Receipt): Promise<Held<T>> {
    const row = this.#row(doc, receipt.leaf)
    const before = this.#row(held.doc, held.leaf)
    if (row.id !== before.id) throw new TypeError('a row keeps its id')
    await this.#inTransaction(async (db) => {
      const set = Object.entries(row).map(([column, value]) => sql`${sql.ref(column)} = ${value}`)
      // The signature stands for the whole row as it was read: leaf, document and all.
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
    return { doc, leaf: row.leaf }
  }

  async check(): Promise<Fault | undefined> {
    // Only rows that verify are counted: one put in by hand is no authority and takes none away.
    return this.#roll?.check(this.#db, this.#verified(await this.#counted()))
  }

  async adopt(receipt: Receipt): Promise<void> {
    await this.#roll?.write(this.#db, this.#verified(await this.#counted()), receipt.leaf)
  }

  #counted(): Promise<readonly Row[]> {
    const roll = this.#shape.roll
    return this.#select(typeof roll === 'object' ? { [roll.column]: roll.values } : {})
  }

  #verified(rows: readonly Row[]): readonly Counted[] {
    return rows.filter((row) => this.#accept(row) !== undefined)
  }

  #row(doc: T, leaf: string): Row {
    // Documents are plain data of our own making; canonicalJson throws on anything else.
    const signed = this.#rows.seal(this.#shape.table, doc as unknown as JsonObject, leaf)
    return { id: this.#shape.id(doc), ...this.#shape.columns(doc), ...signed }
  }

  async #select(
    where: Readonly<Record<string, ColumnValue | readonly ColumnValue[]>>,
  ): Promise<readonly Row[]> {
    const conditions = Object.entries(where).map(([column, value]) =>
      Array.isArray(value)
        ? sql<boolean>`${sql.ref(column)} in (${sql.join(value)})`
        : sql<boolean>`${sql.ref(column)} = ${value}`,
    )
    const filter = conditions.length === 0 ? sql`` : sql`where ${sql.join(conditions, sql` and `)}`
    const { rows } = await sql<Row>`
      select * from ${sql.table(this.#shape.table)} ${filter} order by id`.execute(this.#db)
    return rows
  }

  /** A row with a good signature whose columns say what its document says; anything else is reported and absent. */
  #accept(row: Row): Held<T> | undefined {
    try {
      // The signature is ours, so the document has the shape that we gave it.
      const doc = this.#rows.open(this.#shape.table, row.id, row) as unknown as T
      const derived = { id: this.#shape.id(doc), ...this.#shape.columns(doc) }
      const other = Object.entries(derived).find(([column, value]) => row[column] !== value)
      if (other === undefined) return { doc, leaf: row.leaf }
      throw fault(
        'store.unsigned_row',
        `row \`${row.id.slice(0, 128)}\` of ${this.#shape.table} says otherwise in column ${other[0]} than in its document`,
      )
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      this.#onRefused(error, this.#shape.table, row.id)
      return undefined
    }
  }

  async #inTransaction(work: (db: Kysely<unknown>) => Promise<void>): Promise<void> {
    if (this.#db.isTransaction) return work(this.#db)
    await this.#db.transaction().execute(work)
  }
}
