// Holds the sequencer's database: what the log's size and root are (one row, compared and swapped), and the index.

import { closeSync, openSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'

import { hex } from '../std/bytes.ts'
import { EMPTY_ROOT } from '../tlog/hash.ts'
import { fault } from './faults.ts'
import type { IndexRow } from './index-row.ts'
import { SEGMENT_HEAD, type Position } from './segment.ts'
import type { ShardHead } from './shard.ts'

/** History: 1 one tree; 2 shards. */
const SCHEMA_VERSION = 2

/** Intents that one commit brings and does not answer, by leaf hash: most are answered in it and never need a row. */
type OpenIntents = Map<string, { readonly leaf: Uint8Array; readonly idx: number }>

/** Where the log stands. */
export interface LogHead {
  /** Records of all shards: the index of the next one. */
  readonly size: number
  /** The oldest first; the last one grows. Empty before the first record. */
  readonly shards: readonly ShardHead[]
  /** How far the spool is in the log. */
  readonly position: Position
}

/** The WAL is folded back at 16 MiB: often enough to stay small, seldom enough not to hold up the spool's disk. */
const PRAGMAS = `
PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 4096; PRAGMA cache_size = -32768;
`

const SHARDS = `
CREATE TABLE shards (
  name TEXT PRIMARY KEY, base INTEGER NOT NULL UNIQUE, size INTEGER NOT NULL, root BLOB NOT NULL
) STRICT;
`

/** From version 1, whose one tree is the shard of the empty name. */
const TO_SHARDS = `
${SHARDS}
INSERT INTO shards SELECT '', 0, size, root FROM state WHERE size > 0;
ALTER TABLE state DROP COLUMN root;
PRAGMA user_version = 2;
`

const SCHEMA = `
CREATE TABLE state (
  one INTEGER PRIMARY KEY CHECK (one = 1), origin TEXT NOT NULL, epoch INTEGER NOT NULL,
  size INTEGER NOT NULL, segment INTEGER NOT NULL, offset INTEGER NOT NULL
) STRICT;
${SHARDS}
CREATE TABLE records (
  idx INTEGER PRIMARY KEY, id BLOB NOT NULL, leaf BLOB NOT NULL, type TEXT NOT NULL, phase TEXT NOT NULL,
  call TEXT, agent TEXT, system TEXT, ts INTEGER NOT NULL, ref BLOB
) STRICT;
CREATE INDEX records_id ON records (id);
CREATE INDEX records_leaf ON records (substr(leaf, 1, 6));
CREATE INDEX records_type ON records (type);
CREATE INDEX records_call ON records (call) WHERE call IS NOT NULL;
CREATE INDEX records_agent ON records (agent) WHERE agent IS NOT NULL;
CREATE INDEX records_system ON records (system) WHERE system IS NOT NULL;
CREATE TABLE intents (leaf BLOB PRIMARY KEY, idx INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE boots (
  gateway TEXT NOT NULL, boot TEXT NOT NULL, iseq INTEGER NOT NULL, idx INTEGER NOT NULL,
  PRIMARY KEY (gateway, boot)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = ${SCHEMA_VERSION};
`

/**
 * The writer's face of `log-state.sqlite`. It stands outside the log's folder, so that putting back a copy of the tiles
 * cannot make the log sign a second history. Durable at every commit (WAL, synchronous=FULL).
 */
export class LogState {
  readonly #database: DatabaseSync
  readonly #epoch: number
  readonly #swap: StatementSync
  readonly #insert: StatementSync
  readonly #openIntent: StatementSync
  readonly #closeIntent: StatementSync
  readonly #boot: StatementSync
  readonly #shard: StatementSync

  /**
   * Opens or makes the database and takes the log over: from here on every earlier holder's commit fails.
   * Throws `audit.newer`, `audit.key`.
   */
  constructor(path: string, origin: string) {
    // Made here and not by SQLite, which would let others read it; its side files take over the mode.
    closeSync(openSync(path, 'a', 0o600))
    const database = new DatabaseSync(path)
    this.#database = database
    database.exec(PRAGMAS)
    prepareSchema(database, origin)
    const row = database.prepare('UPDATE state SET epoch = epoch + 1 RETURNING epoch, origin').get()
    if (row?.['origin'] !== origin) {
      throw fault('audit.key', `this home holds the log ${String(row?.['origin'])}, not ${origin}`)
    }
    this.#epoch = Number(row['epoch'])
    this.#swap = database.prepare(
      'UPDATE state SET size = ?, segment = ?, offset = ? WHERE size = ? AND epoch = ?',
    )
    this.#insert = database.prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    this.#openIntent = database.prepare('INSERT OR IGNORE INTO intents VALUES (?, ?)')
    this.#closeIntent = database.prepare('DELETE FROM intents WHERE leaf = ?')
    this.#boot = database.prepare(
      'INSERT INTO boots VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET iseq = excluded.iseq, idx = excluded.idx',
    )
    this.#shard = database.prepare(
      'INSERT INTO shards VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET size = excluded.size, root = excluded.root',
    )
  }

  /** Where the log stands, as last committed. */
  head(): LogHead {
    const row = this.#database.prepare('SELECT size, segment, offset FROM state').get()
    if (row === undefined) throw fault('audit.corrupt', 'log-state.sqlite has lost its state')
    const position = { segment: Number(row['segment']), offset: Number(row['offset']) }
    const size = Number(row['size'])
    const shards = readShards(this.#database)
    const last = shards.at(-1)
    if ((last === undefined ? 0 : last.base + last.size) !== size) {
      throw fault('audit.corrupt', 'the shards in log-state.sqlite do not add up to its size')
    }
    return { size, position, shards }
  }

  /**
   * Begins an empty shard at the end of the log, and a spool of which nothing was read: what a restored log goes on with. Throws
   * `audit.corrupt` where the shards do not add up.
   */
  beginAgain(name: string): void {
    const { size } = this.head()
    this.#database.exec('BEGIN IMMEDIATE')
    this.#shard.run(name, size, 0, EMPTY_ROOT)
    this.#database.exec(`UPDATE state SET segment = 1, offset = ${SEGMENT_HEAD}`)
    this.#database.exec('COMMIT')
  }

  /**
   * Moves the log from `size` to `next` together with the index of the records in between: all of it or nothing, and
   * nothing if anybody else moved it (`audit.fenced`). The tiles of `next` are durable before this is called.
   */
  commit(size: number, next: LogHead, rows: readonly (IndexRow | undefined)[]): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const { segment, offset } = next.position
      const { changes } = this.#swap.run(next.size, segment, offset, size, this.#epoch)
      if (Number(changes) !== 1) throw fault('audit.fenced', 'another process has moved this log')
      for (const { name, base, size: leaves, root } of next.shards) {
        if (base + leaves > size) this.#shard.run(name, base, leaves, root)
      }
      const opened: OpenIntents = new Map()
      rows.forEach((row, i) => {
        if (row === undefined) return
        this.#index(size + i, row, opened)
        // One row per boot: only its newest record in this commit is worth a write.
        if (rows[i + 1]?.boot !== row.boot) {
          this.#boot.run(row.gateway, row.boot, row.iseq, size + i)
        }
      })
      for (const { leaf, idx } of opened.values()) this.#openIntent.run(leaf, idx)
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  close(): void {
    this.#database.close()
  }

  #index(idx: number, row: IndexRow, opened: OpenIntents): void {
    const { id, leaf, type, phase, call, agent, system, ts, ref } = row
    this.#insert.run(idx, id, leaf, type, phase, call, agent, system, ts, ref)
    if (type === 'call.intent') opened.set(hex(leaf), { leaf, idx })
    if (phase === 'outcome' && ref !== null && !opened.delete(hex(ref))) this.#closeIntent.run(ref)
  }
}

/** Every shard that was ever begun, the oldest first. */
export function readShards(database: DatabaseSync): ShardHead[] {
  const rows = database.prepare('SELECT name, base, size, root FROM shards ORDER BY base').all()
  return rows.map(({ name, base, size, root }) => {
    if (!(root instanceof Uint8Array)) throw fault('audit.corrupt', 'a shard has lost its root')
    return { name: String(name), base: Number(base), size: Number(size), root }
  })
}

function prepareSchema(database: DatabaseSync, origin: string): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  if (version > SCHEMA_VERSION) {
    throw fault(
      'audit.newer',
      `log-state.sqlite has version ${version}, known is ${SCHEMA_VERSION}`,
    )
  }
  if (version === SCHEMA_VERSION) return
  if (version === 1) return database.exec(`BEGIN IMMEDIATE; ${TO_SHARDS} COMMIT`)
  database.exec(`BEGIN IMMEDIATE; ${SCHEMA}`)
  database.prepare('INSERT INTO state VALUES (1, ?, 0, 0, 1, ?)').run(origin, SEGMENT_HEAD)
  database.exec('COMMIT')
}
