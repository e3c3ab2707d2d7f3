// Holds the lists of the index: for each term and run, which of its records have the term. Full runs are on disk, the one that fills in memory.

import type { DatabaseSync, StatementSync } from 'node:sqlite'

import { sha256, utf8 } from '../../std/bytes.ts'
import { isUuid } from '../../std/id.ts'
import { uuidBytes } from '../index-row.ts'
import { decodePlaces, encodePlaces } from './run-bits.ts'
import { termText, type Term } from './terms.ts'

/** The tables of the lists. */
export const LISTS_SCHEMA = `
CREATE TABLE lists (term BLOB NOT NULL, run INTEGER NOT NULL, places BLOB NOT NULL, PRIMARY KEY (term, run)) STRICT, WITHOUT ROWID;
`

const HASH_BYTES = 7
const TIME_BYTES = 6
const REST_BYTES = 4
const GROUP_BYTES = 4
/** Runs whose traces stand together. */
const GROUP_RUNS = 8

/** Rows that one step of a removal passes, and a key behind every other. */
const REMOVE_STEP = 4_096
const LAST_TERM = new Uint8Array(16).fill(0xff)

/** A term that is looked for. */
export interface SoughtTerm {
  readonly text: string
  /** The key under which the runs of one group have it. */
  readonly key: (group: number) => Uint8Array
  /** The key under which one run has it. */
  readonly keyIn: (run: number) => Uint8Array
  /** Whether each group has a key of its own. */
  readonly grouped: boolean
}

/** The records of one run that have a term. */
export interface RunPlaces {
  readonly run: number
  /** A bitmap. */
  readonly bits: Uint8Array
}

/** All lists of one index. */
export class RunLists {
  readonly #insert: StatementSync
  readonly #below: StatementSync
  readonly #above: StatementSync
  readonly #ahead: StatementSync
  readonly #remove: StatementSync
  /** Places in the run that fills, by the text of the term. */
  readonly #filling = new Map<string, number[]>()
  #run = 0

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare('INSERT OR REPLACE INTO lists VALUES (?, ?, ?)')
    this.#below = database.prepare(
      'SELECT run, places FROM lists WHERE term = ? AND run <= ? ORDER BY run DESC LIMIT 1',
    )
    this.#above = database.prepare(
      'SELECT run, places FROM lists WHERE term = ? AND run BETWEEN ? AND ? ORDER BY run LIMIT 1',
    )
    this.#ahead = database.prepare(
      `SELECT term FROM lists WHERE term > ? ORDER BY term LIMIT 1 OFFSET ${REMOVE_STEP}`,
    )
    this.#remove = database.prepare(
      'DELETE FROM lists WHERE term > ? AND term <= ? AND run BETWEEN ? AND ?',
    )
  }

  /** The run that fills. */
  get run(): number {
    return this.#run
  }

  /** Goes on with an empty run. */
  begin(run: number): void {
    this.#run = run
    this.#filling.clear()
  }

  /** Notes that the record at a place of the run that fills has these terms, as texts. */
  add(place: number, terms: Iterable<string>): void {
    for (const text of terms) {
      const places = this.#filling.get(text)
      if (places === undefined) this.#filling.set(text, [place])
      else places.push(place)
    }
  }

  /** Writes the run that fills, within the caller's transaction. */
  write(): void {
    const group = groupOf(this.#run)
    const rows = [...this.#filling].map(([text, places]) => [keyOf(text, group), places] as const)
    // In the order of the tree: neighbours are written together.
    rows.sort(([a], [b]) => Buffer.compare(a, b))
    for (const [key, places] of rows) this.#insert.run(key, this.#run, encodePlaces(places))
  }

  /**
   * Removes what the terms behind `after` have of the runs from `first` to `last`, within the caller's transaction: a bounded number of
   * terms. Gives the last of them, to go on behind; undefined at the end.
   */
  remove(first: number, last: number, after: Uint8Array): Uint8Array | undefined {
    const upto = this.#ahead.get(after)?.['term']
    const end = upto instanceof Uint8Array ? upto : undefined
    this.#remove.run(after, end ?? LAST_TERM, first, last)
    return end
  }

  /** The nearest run from `run` on, itself included, that has the term: towards older ones for `newest`. */
  seek(term: SoughtTerm, run: number, newest: boolean): RunPlaces | undefined {
    if (!newest) return this.#later(term, run) ?? this.#current(term, run, newest)
    return this.#current(term, run, newest) ?? this.#earlier(term, run)
  }

  /** The run that fills, where it is on the way. */
  #current({ text }: SoughtTerm, run: number, newest: boolean): RunPlaces | undefined {
    const places = this.#filling.get(text)
    if (places === undefined || (newest ? run < this.#run : run > this.#run)) return undefined
    return { run: this.#run, bits: decodePlaces(encodePlaces(places)) }
  }

  #earlier({ key, grouped }: SoughtTerm, run: number): RunPlaces | undefined {
    const from = Math.min(run, this.#run - 1)
    for (let group = groupOf(from); group >= 0; group--) {
      const found = placesIn(this.#below.get(key(group), from))
      if (found !== undefined || !grouped) return found
    }
    return undefined
  }

  #later({ key, grouped }: SoughtTerm, run: number): RunPlaces | undefined {
    const to = this.#run - 1
    for (let group = groupOf(run); group <= groupOf(to); group++) {
      const found = placesIn(this.#above.get(key(group), run, to))
      if (found !== undefined || !grouped) return found
    }
    return undefined
  }
}

function placesIn(row: Record<string, unknown> | undefined): RunPlaces | undefined {
  const places = row?.['places']
  if (!(places instanceof Uint8Array)) return undefined
  return { run: Number(row?.['run']), bits: decodePlaces(places) }
}

function groupOf(run: number): number {
  return Math.floor(run / GROUP_RUNS)
}

/** A term as it is looked for. */
export function soughtTerm(term: Term): SoughtTerm {
  const text = termText(term)
  const key = (group: number): Uint8Array => keyOf(text, group)
  return { text, key, keyIn: (run) => key(groupOf(run)), grouped: isGrouped(text) }
}

/** Traces are random and nearly all different: kept together by group, or each would touch a page of its own in a tree of all of them. */
function isGrouped(text: string): boolean {
  return text.startsWith('trace ')
}

/**
 * 56 bits of a hash, behind the group for a trace; for a UUID its time and 32 bits of a hash. So what is written together stands together. Two
 * terms that share one cost a look at the record, and never an answer.
 */
function keyOf(text: string, group: number): Uint8Array {
  const hash = sha256(utf8(text))
  const value = text.slice(text.indexOf(' ') + 1)
  if (isUuid(value)) {
    const key = new Uint8Array(TIME_BYTES + REST_BYTES)
    key.set(uuidBytes(value).subarray(0, TIME_BYTES))
    key.set(hash.subarray(0, REST_BYTES), TIME_BYTES)
    return key
  }
  if (!isGrouped(text)) return hash.subarray(0, HASH_BYTES)
  const key = Buffer.alloc(GROUP_BYTES + HASH_BYTES)
  key.writeUInt32BE(group)
  key.set(hash.subarray(0, HASH_BYTES), GROUP_BYTES)
  return key
}
