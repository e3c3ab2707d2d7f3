// Holds the rolls: per table, one signed sum over the rows that count, so that a row deleted or put back by hand shows.

import { sql, type Kysely } from 'kysely'
import { Fault, faults } from '../std/fault.ts'
import { STORE_FAULTS } from './faults.ts'
import { SetHash } from './set-hash.ts'
import type { SignedColumns, SignedRows } from './signed-rows.ts'

const fault = faults(STORE_FAULTS)
const TABLE = 'rolls'

/** The leaf that a roll names before anything was recorded: 32 zero bytes. */
const NO_LEAF = 'A'.repeat(43)

/** A row as the roll counts it. */
export interface Counted extends SignedColumns {
  readonly id: string
}

/**
 * The whole row, so that a roll which agrees vouches for all of them: one signature instead of one per row.
 * No leaf and no signature of ours holds a line feed, and doc comes last.
 */
function element(row: Counted): string {
  return `${row.leaf}\n${row.sig}\n${row.id.length}\n${row.id}${row.doc}`
}

/**
 * The roll of one table. It is changed in the transaction that changes the rows, so a crash leaves both or neither.
 * It does not see a database that was put back as a whole: the log does.
 */
export class Roll {
  readonly #rows: SignedRows
  readonly #table: string

  constructor(rows: SignedRows, table: string) {
    this.#rows = rows
    this.#table = table
  }

  /** Takes rows off and puts rows on. A roll that is broken stays broken until `write`: it must not heal unseen. */
  async change(
    db: Kysely<unknown>,
    off: Counted | undefined,
    on: Counted | undefined,
    leaf: string,
  ): Promise<void> {
    const sum = await this.#read(db)
    if (sum instanceof Fault) return
    if (off !== undefined) sum.remove(element(off))
    if (on !== undefined) sum.add(element(on))
    await this.#write(db, sum, leaf)
  }

  /** Says what is wrong when the rows given are not exactly those that were counted. */
  async check(db: Kysely<unknown>, rows: readonly Counted[]): Promise<Fault | undefined> {
    const sum = await this.#read(db)
    if (sum instanceof Fault) return sum
    if (sum.text() === sumOf(rows).text()) return undefined
    return fault('store.roll', `rows of ${this.#table} were removed or put back outside bailiwick`)
  }

  /** Makes the roll say what is there: for a new home, and for a person who has looked and accepts what is left. */
  async write(db: Kysely<unknown>, rows: readonly Counted[], leaf = NO_LEAF): Promise<void> {
    await this.#write(db, sumOf(rows), leaf)
  }

  async #read(db: Kysely<unknown>): Promise<SetHash | Fault> {
    const { rows } = await sql<SignedColumns>`
      select doc, sig, leaf from ${sql.table(TABLE)} where id = ${this.#table}`.execute(db)
    const row = rows[0]
    if (row === undefined) return fault('store.roll', `the roll of ${this.#table} is missing`)
    try {
      const doc = this.#rows.open(TABLE, this.#table, row)
      const text = doc['table'] === this.#table ? doc['sum'] : undefined
      const sum = typeof text === 'string' ? SetHash.read(text) : undefined
      return sum ?? fault('store.roll', `the roll of ${this.#table} is another table's`)
    } catch (cause) {
      return fault(
        'store.roll',
        `the roll of ${this.#table} is not signed by this authority`,
        cause,
      )
    }
  }

  async #write(db: Kysely<unknown>, sum: SetHash, leaf: string): Promise<void> {
    const row = this.#rows.seal(TABLE, { table: this.#table, sum: sum.text() }, leaf)
    await sql`
      insert into ${sql.table(TABLE)} (id, doc, sig, leaf)
      values (${this.#table}, ${row.doc}, ${row.sig}, ${row.leaf})
      on conflict (id) do update set doc = excluded.doc, sig = excluded.sig, leaf = excluded.leaf
    `.execute(db)
  }
}

function sumOf(rows: readonly Counted[]): SetHash {
  const sum = new SetHash()
  for (const row of rows) sum.add(element(row))
  return sum
}
