// Holds the search index: lists of record numbers by term, made from the log and at any time made anew from it.

import { closeSync, openSync, rmSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'

import { base64url, sha256, utf8 } from '../../std/bytes.ts'
import { isUuid } from '../../std/id.ts'
import { leafHash } from '../../tlog/hash.ts'
import { readRecord } from '../envelope.ts'
import type { LogFollower } from '../log-follow.ts'
import { uuidBytes } from '../index-row.ts'
import { matches, type SearchQuery } from './query.ts'
import { termsOf, type Term } from './terms.ts'

/** The log as the index reads it. */
type SearchedLog = Pick<LogFollower, 'entries' | 'at'>

const SCHEMA_VERSION = 1
/** Numbers of one list that are held against the others at a time, and how often within one page: a page does bounded work. */
const WINDOW = 10_000
const WINDOWS_MAX = 12
/** Records that are read back at a time: what matched is decided by the record itself. */
const READ = 200
const MINUTE_MS = 60_000

/** It can be made anew from the log: a crash may cost it its last moments, and it notices. */
const PRAGMAS = `PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;`
const SCHEMA = `
CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL, leaf TEXT NOT NULL) STRICT;
CREATE TABLE postings (term INTEGER NOT NULL, idx INTEGER NOT NULL, PRIMARY KEY (term, idx)) STRICT, WITHOUT ROWID;
CREATE TABLE ids (id BLOB NOT NULL, idx INTEGER NOT NULL, PRIMARY KEY (id, idx)) STRICT, WITHOUT ROWID;
CREATE TABLE counts (term INTEGER PRIMARY KEY, count INTEGER NOT NULL) STRICT;
CREATE TABLE minutes (minute INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL) STRICT;
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

/** The index of one home, for the one thread that fills and asks it. */
export class SearchIndex {
  readonly #database: DatabaseSync
  readonly #follower: SearchedLog
  readonly #post: StatementSync
  readonly #postId: StatementSync
  readonly #count: StatementSync
  readonly #minute: StatementSync
  readonly #state: StatementSync
  #next: number

  /** Opens or makes the index at `path`; one that is of another log, of another version or damaged is made anew. */
  constructor(path: string, follower: SearchedLog) {
    this.#follower = follower
    this.#database = openSound(path, follower)
    const prepare = (sql: string): StatementSync => this.#database.prepare(sql)
    this.#post = prepare('INSERT OR IGNORE INTO postings VALUES (?, ?)')
    this.#postId = prepare('INSERT OR IGNORE INTO ids VALUES (?, ?)')
    this.#count = prepare(
      'INSERT INTO counts VALUES (?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count',
    )
    this.#minute = prepare(
      'INSERT INTO minutes VALUES (?1, ?2, ?2) ON CONFLICT DO UPDATE SET first = min(first, ?2), last = max(last, ?2)',
    )
    this.#state = prepare('UPDATE state SET next = ?, leaf = ?')
    this.#next = Number(prepare('SELECT next FROM state').get()?.['next'])
  }

  /** Index of the first record that is not in it. */
  get next(): number {
    return this.#next
  }

  /** Takes up to `limit` more records up; false where there are none. */
  advance(limit: number): boolean {
    const entries = this.#follower.entries(this.#next, limit)
    const last = entries.at(-1)
    if (last === undefined) return false
    const postings: [number, number][] = []
    const counts = new Map<number, number>()
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      for (const { index, entry } of entries) {
        const record = readRecord(entry)
        this.#minute.run(Math.floor(Date.parse(record.ts) / MINUTE_MS), index)
        for (const term of termsOf(record)) {
          const [, value] = term
          if (isUuid(value)) {
            this.#postId.run(uuidBytes(value), index)
            continue
          }
          const number = numberOf(term)
          postings.push([number, index])
          counts.set(number, (counts.get(number) ?? 0) + 1)
        }
      }
      // In the order of the tree: neighbours are written together.
      for (const [term, index] of postings.toSorted(([a, i], [b, j]) => a - b || i - j)) {
        this.#post.run(term, index)
      }
      for (const [term, count] of counts) this.#count.run(term, count)
      this.#state.run(last.index + 1, base64url(leafHash(last.entry)))
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
    this.#next = last.index + 1
    return true
  }

  /** One page. What is found is read back from the log and held against the query: the index only says where to look. */
  page({ query, limit, order, from }: PageQuery): FoundPage {
    const [low, high] = this.#range(query)
    const newest = order === 'newest'
    let at = newest ? Math.min(from ?? high, high) : Math.max(from ?? low, low)
    const found: number[] = []
    for (let windows = 0; windows < WINDOWS_MAX; windows++) {
      const { candidates, onward } = this.#window(query, { at, low, high, newest })
      for (let i = 0; i < candidates.length; i += READ) {
        const portion = candidates.slice(i, i + READ)
        for (const index of this.#confirmed(query, portion)) {
          found.push(index)
          if (found.length === limit)
            return this.#ended(found, newest ? index - 1 : index + 1, [low, high])
        }
      }
      if (onward === undefined) return { indices: found, partial: false }
      at = onward
    }
    return { ...this.#ended(found, at, [low, high]), partial: true }
  }

  close(): void {
    this.#database.close()
  }

  #ended(indices: number[], next: number, [low, high]: readonly [number, number]): FoundPage {
    return next < low || next > high
      ? { indices, partial: false }
      : { indices, next, partial: false }
  }

  /** Indices between which everything of the query's time is; both included. Time is nearly in order, so nearly nothing more. */
  #range({ since, until }: SearchQuery): readonly [low: number, high: number] {
    const first =
      since === undefined
        ? 0
        : this.#one(
            'SELECT min(first) AS i FROM minutes WHERE minute >= ?',
            Math.floor(since / MINUTE_MS),
          )
    const last =
      until === undefined
        ? this.#next - 1
        : this.#one(
            'SELECT max(last) AS i FROM minutes WHERE minute <= ?',
            Math.floor(until / MINUTE_MS),
          )
    return [first ?? this.#next, last ?? -1]
  }

  #one(sql: string, value: number): number | undefined {
    const i = this.#database.prepare(sql).get(value)?.['i']
    return i === null || i === undefined ? undefined : Number(i)
  }

  /** Candidates of the next window, and where the one after begins. */
  #window(
    { terms }: SearchQuery,
    { at, low, high, newest }: { at: number; low: number; high: number; newest: boolean },
  ): { readonly candidates: number[]; readonly onward: number | undefined } {
    if (newest ? at < low : at > high) return { candidates: [], onward: undefined }
    const [rarest, ...others] = this.#byRarity(terms)
    if (rarest === undefined) {
      // No term: every record of the time is one.
      const end = newest ? Math.max(low, at - READ + 1) : Math.min(high, at + READ - 1)
      const count = Math.abs(at - end) + 1
      const candidates = Array.from({ length: count }, (_, i) => (newest ? at - i : at + i))
      const onward = newest ? end - 1 : end + 1
      return { candidates, onward: onward < low || onward > high ? undefined : onward }
    }
    const source = sourceOf(rarest)
    const [compare, sort] = newest ? ['<=', 'DESC'] : ['>=', 'ASC']
    const edge = this.#database
      .prepare(
        `SELECT idx FROM ${source.table} WHERE ${source.column} = ? AND idx ${compare} ?
         ORDER BY idx ${sort} LIMIT 1 OFFSET ${WINDOW - 1}`,
      )
      .get(source.value, at)?.['idx']
    const end = edge === undefined ? (newest ? low : high) : Number(edge)
    const exists = others.map((term) => {
      const { table, column } = sourceOf(term)
      return `AND EXISTS (SELECT 1 FROM ${table} AS o WHERE o.${column} = ? AND o.idx = p.idx)`
    })
    const rows = this.#database
      .prepare(
        `SELECT p.idx AS idx FROM ${source.table} AS p WHERE p.${source.column} = ?
         AND p.idx BETWEEN ? AND ? ${exists.join(' ')} ORDER BY p.idx ${sort}`,
      )
      .all(
        source.value,
        Math.max(low, Math.min(at, end)),
        Math.min(high, Math.max(at, end)),
        ...others.map((term) => sourceOf(term).value),
      )
    const candidates = rows.map(({ idx }) => Number(idx))
    if (edge === undefined) return { candidates, onward: undefined }
    const onward = newest ? end - 1 : end + 1
    return { candidates, onward: onward < low || onward > high ? undefined : onward }
  }

  /** The terms, the shortest list first; ids have short ones. */
  #byRarity(terms: readonly Term[]): Term[] {
    const size = (term: Term): number => {
      if (isUuid(term[1])) return 0
      return Number(
        this.#database.prepare('SELECT count FROM counts WHERE term = ?').get(numberOf(term))?.[
          'count'
        ] ?? 0,
      )
    }
    return terms
      .map((term) => [term, size(term)] as const)
      .toSorted(([, a], [, b]) => a - b)
      .map(([term]) => term)
  }

  #confirmed(query: SearchQuery, indices: readonly number[]): number[] {
    return this.#follower
      .at(indices)
      .filter(({ entry }) => matches(query, readRecord(entry)))
      .map(({ index }) => index)
  }
}

/** 52 bits of a hash: two terms that share one cost a look at the record, and never an answer. */
function numberOf([key, value]: Term): number {
  const bytes = sha256(utf8(`${key} ${value}`))
  return Buffer.from(bytes).readUIntBE(0, 6) * 16 + ((bytes[6] ?? 0) >> 4)
}

function sourceOf(term: Term): {
  readonly table: 'ids' | 'postings'
  readonly column: 'id' | 'term'
  readonly value: Uint8Array | number
} {
  const [, value] = term
  return isUuid(value)
    ? { table: 'ids', column: 'id', value: uuidBytes(value) }
    : { table: 'postings', column: 'term', value: numberOf(term) }
}

function openSound(path: string, follower: SearchedLog): DatabaseSync {
  for (const again of [false, true]) {
    if (again) for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
    closeSync(openSync(path, 'a', 0o600))
    const database = new DatabaseSync(path)
    try {
      database.exec(PRAGMAS)
      const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
      if (version === 0) database.exec(`BEGIN; ${SCHEMA} COMMIT`)
      if (again || isOf(database, follower, version)) return database
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
  if (typeof next !== 'number') return false
  if (next === 0) return true
  const [before] = follower.entries(next - 1, 1)
  return before !== undefined && base64url(leafHash(before.entry)) === leaf
}
