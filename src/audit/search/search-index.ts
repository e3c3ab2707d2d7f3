// Holds the search index: which records have which terms, made from the log and at any time made anew from it.

import { closeSync, openSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

import { base64url } from '../../std/bytes.ts'
import { isObject, type Json } from '../../std/json.ts'
import { leafHash } from '../../tlog/hash.ts'
import type { AuditRecord } from '../../wire/record.ts'
import { readRecord, skimRecord } from '../envelope.ts'
import type { LogFollower } from '../log-follow.ts'
import { matches, type SearchQuery } from './query.ts'
import { commonPlaces, RUN } from './run-bits.ts'
import { LISTS_SCHEMA, RunLists, soughtTerm, type SoughtTerm } from './run-lists.ts'
import { termsOf } from './terms.ts'
import { TimeSpans } from './time-spans.ts'

/** The log as the index reads it. */
type SearchedLog = Pick<LogFollower, 'entries' | 'at' | 'dropped'>

/** Version of its tables. History: 1 one row for each term and record; 2 one row for each term and run of 8,192 records. */
export const SCHEMA_VERSION = 2
/** Runs of one term that a page looks at, at most: a page does bounded work, whatever is asked. */
const SEEKS_MAX = 8_192
/** Records that a page reads back for nothing, at most: those at the edges of a time, or of an index that somebody edited. */
const READ_MAX = 4_096
/** Records that are read back at a time, at least. */
const READ_MIN = 16

/** It can be made anew from the log: a crash may cost it its last moments, and it notices. */
const PRAGMAS = `PRAGMA page_size = 8192; PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;`
const SCHEMA = `
CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL, leaf TEXT NOT NULL) STRICT;
CREATE TABLE spans (run INTEGER PRIMARY KEY, times BLOB NOT NULL) STRICT;
${LISTS_SCHEMA}
INSERT INTO state VALUES (1, 0, '');
PRAGMA user_version = ${SCHEMA_VERSION};
`

/** One page of a search. */
export interface FoundPage {
  /** Indices, in the order that was asked for. */
  readonly indices: readonly number[]
  /** Where the next page goes on; absent at the end. */
  readonly next?: number
  /** True where the page ended because it had done enough, not because it was full. */
  readonly partial: boolean
}

/** What a page is asked. */
export interface PageQuery {
  readonly query: SearchQuery
  readonly limit: number
  readonly order: 'newest' | 'oldest'
  /** The index from which it goes on, itself included. */
  readonly from?: number
}

/**
 * The index of one home, for the one thread that fills and asks it. Runs of 8,192 records are written whole; the one that fills is in
 * memory, and read from the log again when the index is opened.
 */
export class SearchIndex {
  readonly #database: DatabaseSync
  readonly #follower: SearchedLog
  readonly #lists: RunLists
  readonly #spans = new TimeSpans()
  #next: number
  /** How far the removal under way has come: the last term that it has passed. */
  #forgotten: Uint8Array = new Uint8Array()

  /** Opens or makes the index at `path`; one that is of another log, of another version or damaged is made anew. */
  constructor(path: string, follower: SearchedLog) {
    this.#follower = follower
    this.#database = openSound(path, follower, this.#spans)
    this.#lists = new RunLists(this.#database)
    this.#next = Number(this.#database.prepare('SELECT next FROM state').get()?.['next'])
    this.#lists.begin(this.#next / RUN)
  }

  /** Index of the first record that is not in it. */
  get next(): number {
    return this.#next
  }

  /** Takes up to `limit` more records up; false where there are none. */
  advance(limit: number): boolean {
    const end = this.#next + RUN - (this.#next % RUN)
    const ahead = this.#follower.entries(this.#next, Math.min(limit, end - this.#next))
    const [first] = ahead
    if (first === undefined) return false
    // The places of what retention has removed stay empty.
    const entries = ahead.filter(({ index }) => index < end)
    // Read whole before anything is noted: an entry that cannot be read leaves the index as it was.
    const records = entries.map(({ index, entry }) => ({ index, record: recordIn(entry) }))
    for (const { index, record } of records) {
      this.#spans.note(index, Date.parse(record.ts))
      this.#lists.add(index % RUN, termsOf(record))
    }
    const last = entries.at(-1)
    this.#next = ahead.length > entries.length || last === undefined ? end : last.index + 1
    if (this.#next === end) {
      this.#write(last?.index === end - 1 ? base64url(leafHash(last.entry)) : '')
    }
    return true
  }

  /** Forgets one portion of what retention has removed; false where nothing is left of it. Records that share a run with others stay. */
  forget(): boolean {
    const runs = this.#forgettable()
    const [first, last] = [runs[0], runs.at(-1)]
    if (first === undefined || last === undefined) return false
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const upto = this.#lists.remove(first, last, this.#forgotten)
      this.#forgotten = upto ?? new Uint8Array()
      if (upto === undefined) {
        for (const run of runs) {
          this.#spans.forget(run)
          this.#writeSpans(run)
        }
      }
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
    return true
  }

  /** One page. What is found is read back from the log and held against the query: the index only says where to look. */
  page({ query, limit, order, from }: PageQuery): FoundPage {
    const newest = order === 'newest'
    const step = newest ? -1 : 1
    const [low, high] = this.#range(query)
    const terms = query.terms.map(soughtTerm)
    const found: number[] = []
    const ended = (next: number, partial: boolean): FoundPage =>
      next < low || next > high
        ? { indices: found, partial: false }
        : { indices: found, next, partial }
    let at = newest ? Math.min(from ?? high, high) : Math.max(from ?? low, low)
    let seeks = 0
    let unmatched = 0
    while (at >= low && at <= high) {
      const run = Math.floor(at / RUN)
      const { run: nearest, bitmaps } = this.#meet(terms, run, newest)
      seeks += Math.max(1, terms.length)
      if (nearest === undefined) break
      if (nearest !== run) at = edgeOf(nearest, newest)
      if (bitmaps !== undefined) {
        const candidates = this.#within(query, nearest, bitmaps, { at, low, high, newest })
        while (candidates.length > 0) {
          const portion = candidates.splice(0, Math.max(READ_MIN, limit - found.length))
          const confirmed = this.#confirmed(query, portion)
          unmatched += portion.length - confirmed.length
          for (const index of confirmed) {
            found.push(index)
            if (found.length === limit) return ended(index + step, false)
          }
          if (unmatched >= READ_MAX) return ended((portion.at(-1) ?? at) + step, true)
        }
        at = edgeOf(nearest + step, newest)
      }
      if (seeks >= SEEKS_MAX) return ended(at, true)
    }
    return { indices: found, partial: false }
  }

  close(): void {
    this.#database.close()
  }

  #write(leaf: string): void {
    const run = this.#lists.run
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      this.#lists.write()
      this.#writeSpans(run)
      this.#database.prepare('UPDATE state SET next = ?, leaf = ?').run(this.#next, leaf)
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      // The run is read again from its beginning.
      this.#next = run * RUN
      this.#lists.begin(run)
      throw error
    }
    this.#lists.begin(run + 1)
  }

  #writeSpans(run: number): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO spans VALUES (?, ?)')
      .run(run, this.#spans.encode(run))
  }

  /** Runs without a gap between them that are on disk and lie wholly in what was removed, with terms left of them. */
  #forgettable(): number[] {
    for (const [from, to] of this.#follower.dropped()) {
      const first = Math.ceil(from / RUN)
      const end = Math.min(Math.floor(to / RUN), this.#lists.run)
      const runs = Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i)
      if (runs.some((run) => this.#spans.has(run))) return runs
    }
    return []
  }

  /** Indices between which everything of the query's time is; both included. */
  #range(query: SearchQuery): readonly [low: number, high: number] {
    if (query.since === undefined && query.until === undefined) return [0, this.#next - 1]
    const [low, high] = this.#spans.range(query)
    return [low, Math.min(high, this.#next - 1)]
  }

  /**
   * One step towards the nearest run that has every term: each term is asked for the run that the others have come to. With `bitmaps` where
   * they all are in it; `run` undefined where there is none any more.
   */
  #meet(
    terms: readonly SoughtTerm[],
    run: number,
    newest: boolean,
  ): { readonly run: number | undefined; readonly bitmaps?: Uint8Array[] } {
    const bitmaps: Uint8Array[] = []
    for (const term of terms) {
      const places = this.#lists.seek(term, run, newest)
      if (places === undefined) return { run: undefined }
      if (places.run !== run) return { run: places.run }
      bitmaps.push(places.bits)
    }
    return { run, bitmaps }
  }

  /** Indices of a run that are in every bitmap and can be of the query's time. */
  #within(
    query: SearchQuery,
    run: number,
    bitmaps: readonly Uint8Array[],
    { at, low, high, newest }: { at: number; low: number; high: number; newest: boolean },
  ): number[] {
    const [least, most] = newest ? [low, at] : [at, high]
    const timed = query.since !== undefined || query.until !== undefined
    return commonPlaces(bitmaps, newest)
      .map((place) => run * RUN + place)
      .filter((i) => i >= least && i <= most && (!timed || this.#spans.mayHold(i, query)))
  }

  #confirmed(query: SearchQuery, indices: readonly number[]): number[] {
    return this.#follower
      .at(indices)
      .filter(({ entry }) => matches(query, skimRecord(entry)))
      .map(({ index }) => index)
  }
}

/** The index at which a run is entered. */
function edgeOf(run: number, newest: boolean): number {
  return newest ? run * RUN + RUN - 1 : run * RUN
}

/** A record that this log sealed, for its terms: which are texts, so that the platform's reader does, and the strict one where that finds no record. */
function recordIn(entry: Uint8Array): AuditRecord {
  const text = Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength).toString('utf8')
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return readRecord(entry)
  }
  const record = json as Json
  const sound = isObject(record) && typeof record['type'] === 'string' && isObject(record['body'])
  return sound ? (record as unknown as AuditRecord) : readRecord(entry)
}

function openSound(path: string, follower: SearchedLog, spans: TimeSpans): DatabaseSync {
  for (const again of [false, true]) {
    if (again) for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
    closeSync(openSync(path, 'a', 0o600))
    const database = new DatabaseSync(path)
    try {
      database.exec(PRAGMAS)
      const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
      if (version === 0) database.exec(`BEGIN; ${SCHEMA} COMMIT`)
      if (again || (isOf(database, follower, version) && readSpans(database, spans))) {
        return database
      }
    } catch (error) {
      if (again) throw error
    }
    database.close()
  }
  throw new Error('unreachable')
}

/** True where the index has reached a record that the log has at that place, and holds as many types as records. */
function isOf(database: DatabaseSync, follower: SearchedLog, version: number): boolean {
  if (version !== 0 && version !== SCHEMA_VERSION) return false
  const { next, leaf } = database.prepare('SELECT next, leaf FROM state').get() ?? {}
  if (typeof next !== 'number' || next % RUN !== 0) return false
  if (next === 0) return true
  const [before] = follower.entries(next - 1, 1)
  if (before === undefined) return false
  // What retention has removed cannot be compared any more.
  return before.index !== next - 1 || base64url(leafHash(before.entry)) === leaf
}

/** Takes the times of every run up; false where one is missing. */
function readSpans(database: DatabaseSync, spans: TimeSpans): boolean {
  const next = Number(database.prepare('SELECT next FROM state').get()?.['next'])
  let run = 0
  for (const row of database.prepare('SELECT run, times FROM spans ORDER BY run').iterate()) {
    if (row['run'] !== run || !(row['times'] instanceof Uint8Array)) return false
    spans.decode(run, row['times'])
    run += 1
  }
  return run * RUN === next
}
