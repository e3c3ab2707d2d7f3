// Holds what PostgreSQL says about the order of the log: states that were swapped in, runs of records, and the records themselves.

import { fault } from '../faults.ts'
import type { ShardHead } from '../shard.ts'
import type { RefusedBoots } from './refused.ts'
import type { SpoolSeal } from './seal.ts'
import { bytesOf, numberOf, textOf, type LogConnection, type Row } from './connection.ts'

/** Consecutive records of one boot that stand at consecutive indices. */
export interface Run {
  /** Index of the first, over all shards. */
  readonly idx: number
  readonly gateway: string
  readonly boot: string
  /** Place of the first in its boot. */
  readonly iseq: number
  readonly records: number
}

/** A state of the log that was swapped in. */
export interface Swapped {
  /** Records of all shards at that state. */
  readonly upto: number
  readonly shard: string
  /** Leaves of that shard. */
  readonly size: number
  readonly root: Buffer
}

/** What stands at and behind an index. */
export interface Ahead {
  /** Swapped states from that index on, in order, the one at the index itself included. */
  readonly swaps: readonly Swapped[]
  /** Records of the log according to its newest state, and that state's root; 0 and undefined before the first. */
  readonly total: number
  readonly root: Buffer | undefined
}

/** A record that has no index yet. */
export interface Waiting {
  readonly gateway: string
  readonly boot: string
  readonly iseq: number
  readonly bytes: number
  /** How far this boot is in the log. */
  readonly taken: number
}

/** A record as the database has it. */
export interface Shipped {
  readonly entry: Buffer
  /** Whether a gateway of this log sealed it, in this place. */
  readonly sealed: boolean
}

/** States that one look fetches: bounds it, for whoever is far behind. */
const SWAPS_MAX = 512

const AHEAD = `
SELECT h.total, h.root AS newest, c.upto, c.shard, c.size, c.root
FROM (SELECT coalesce(max(base + size), 0)::bigint AS total,
        (SELECT root FROM audit.state ORDER BY base DESC LIMIT 1) AS root FROM audit.state) h
LEFT JOIN LATERAL (SELECT * FROM audit.checkpoints WHERE upto >= $1 ORDER BY upto LIMIT ${SWAPS_MAX}) c ON true
ORDER BY c.upto`

const RUNS = `
SELECT idx, gateway, boot::text AS boot, iseq, records FROM audit.runs WHERE idx >= $1 AND idx < $2 ORDER BY idx`

const RUNS_FROM = `
SELECT idx, gateway, boot::text AS boot, iseq, records FROM audit.runs
WHERE idx >= (SELECT coalesce(max(idx), $1) FROM audit.runs WHERE idx <= $1) ORDER BY idx LIMIT $2`

const ENTRIES = `
SELECT r.i, s.iseq, s.entry, s.seal
FROM unnest($1::int[], $2::text[], $3::uuid[], $4::bigint[], $5::bigint[]) AS r (i, gateway, boot, low, high)
JOIN audit.spool s ON s.gateway = r.gateway AND s.boot = r.boot AND s.iseq >= r.low AND s.iseq < r.high
ORDER BY r.i, s.iseq`

const WAITING = `
SELECT b.gateway, b.boot::text AS boot, b.iseq AS taken, p.iseq, p.bytes
FROM audit.boots b CROSS JOIN LATERAL (
  SELECT s.iseq, octet_length(s.entry) AS bytes FROM audit.spool s
  WHERE s.gateway = b.gateway AND s.boot = b.boot AND s.iseq > b.iseq ORDER BY s.iseq LIMIT $1
) p WHERE NOT b.ended AND (b.gateway, b.boot) NOT IN (SELECT * FROM unnest($2::text[], $3::uuid[])) ORDER BY b.n, p.iseq`

/** First records that one look at what waits takes. */
const DUE = 16
const NEXT = `
SELECT s.gateway, s.boot::text AS boot, s.iseq, s.entry, s.seal FROM audit.boots b
JOIN audit.spool s ON s.gateway = b.gateway AND s.boot = b.boot AND s.iseq = b.iseq + 1
WHERE NOT b.ended AND (b.gateway, b.boot) NOT IN (SELECT * FROM unnest($1::text[], $2::uuid[])) ORDER BY b.n LIMIT ${DUE}`

const NOTE = `
SELECT shard, size, note FROM audit.checkpoints
WHERE note IS NOT NULL AND upto > $1 AND upto <= $2 ORDER BY upto DESC LIMIT 1`

const HEAD = 'SELECT base, size, root FROM audit.state WHERE shard = $1'

const NOTE_AT = 'SELECT note FROM audit.checkpoints WHERE shard = $1 AND size = $2'

/** Reads the order. Throws `audit.unavailable`, and `audit.corrupt` for what cannot be. */
export class Order {
  readonly #connection: LogConnection
  readonly #seal: SpoolSeal

  constructor(connection: LogConnection, seal: SpoolSeal) {
    this.#connection = connection
    this.#seal = seal
  }

  /** What stands at and behind `index`. */
  async ahead(index: number): Promise<Ahead> {
    const rows = await this.#connection.rows('ahead', AHEAD, [index])
    const newest = rows[0]?.['newest']
    return {
      total: numberOf(rows[0], 'total'),
      root: Buffer.isBuffer(newest) ? newest : undefined,
      swaps: rows.filter((row) => row['upto'] !== null).map(swapped),
    }
  }

  /** The runs that fill [from, upto). Throws `audit.corrupt` where they leave a hole or overlap. */
  async runs(from: number, upto: number): Promise<Run[]> {
    const rows = await this.#connection.rows('runs', RUNS, [from, upto])
    let at = from
    const runs = rows.map((row) => {
      const run = runOf(row)
      if (run.idx !== at) throw fault('audit.corrupt', `the database has no record for index ${at}`)
      at += run.records
      return run
    })
    if (at !== upto) throw fault('audit.corrupt', `the database has no record for index ${at}`)
    return runs
  }

  /** Runs from the one that holds `index` on, until they hold `records`. Throws `audit.corrupt` where none holds it, or one is missing. */
  async runsFrom(index: number, records: number): Promise<Run[]> {
    const rows = await this.#connection.rows('runs_from', RUNS_FROM, [index, records])
    const runs = rows.map(runOf)
    let at = runs[0] === undefined || runs[0].idx > index ? index : runs[0].idx
    const end = at + records
    return runs.filter((run) => {
      if (at >= end) return false
      if (run.idx !== at) throw fault('audit.corrupt', `the database has no record for index ${at}`)
      at += run.records
      return true
    })
  }

  /** The records of these runs, in order. Throws `audit.corrupt` where one is missing. */
  async entries(runs: readonly Run[]): Promise<Shipped[]> {
    const rows = await this.#connection.rows('entries', ENTRIES, [
      runs.map((_, i) => i),
      runs.map(({ gateway }) => gateway),
      runs.map(({ boot }) => boot),
      runs.map(({ iseq }) => iseq),
      runs.map(({ iseq, records }) => iseq + records),
    ])
    let next = 0
    const entries: Shipped[] = []
    runs.forEach((run, i) => {
      for (let n = 0; n < run.records; n++) {
        const row = rows[next]
        if (row?.['i'] !== i || row['iseq'] !== run.iseq + n) throw missing(run, n)
        entries.push(this.#shipped(run, run.iseq + n, row))
        next += 1
      }
    })
    return entries
  }

  /** Records without an index, at most `each` of a boot, boot after boot; none of those that are refused. */
  async waiting(each: number, refused: RefusedBoots): Promise<Waiting[]> {
    const rows = await this.#connection.rows('waiting', WAITING, [each, ...refused.columns])
    return rows.map((row) => ({
      gateway: textOf(row, 'gateway'),
      boot: textOf(row, 'boot'),
      iseq: numberOf(row, 'iseq'),
      bytes: numberOf(row, 'bytes'),
      taken: numberOf(row, 'taken'),
    }))
  }

  /** Whether a record waits that could have its index: the next of its boot, sealed. What is not is refused from here on. */
  async isDue(refused: RefusedBoots): Promise<boolean> {
    for (;;) {
      const rows = await this.#connection.rows('next', NEXT, refused.columns)
      for (const row of rows) {
        const place = {
          gateway: textOf(row, 'gateway'),
          boot: textOf(row, 'boot'),
          iseq: numberOf(row, 'iseq'),
        }
        if (this.#shipped(place, place.iseq, row).sealed) return true
        refused.add(place)
      }
      if (rows.length < DUE) return false
    }
  }

  #shipped({ gateway, boot }: { gateway: string; boot: string }, iseq: number, row: Row): Shipped {
    const entry = bytesOf(row, 'entry')
    const sealed = this.#seal.holds({ gateway, boot, iseq, entry }, bytesOf(row, 'seal'))
    return { entry, sealed }
  }

  /** Names of the shards whose records the owner of the database has removed. */
  async dropped(): Promise<ReadonlySet<string>> {
    const rows = await this.#connection.rows('dropped', 'SELECT shard FROM audit.dropped')
    return new Set(rows.map((row) => textOf(row, 'shard')))
  }

  /** A shard as it stands now. Throws `audit.corrupt` where there is none. */
  async head(name: string): Promise<ShardHead> {
    const [row] = await this.#connection.rows('head', HEAD, [name])
    if (row === undefined) throw fault('audit.corrupt', `the database has no shard ${name}`)
    return {
      name,
      base: numberOf(row, 'base'),
      size: numberOf(row, 'size'),
      root: bytesOf(row, 'root'),
    }
  }

  /** The newest signed note of a state in (after, upto]. */
  async note(
    after: number,
    upto: number,
  ): Promise<{ shard: string; size: number; note: string } | undefined> {
    const [row] = await this.#connection.rows('note', NOTE, [after, upto])
    if (row === undefined) return undefined
    return { shard: textOf(row, 'shard'), size: numberOf(row, 'size'), note: textOf(row, 'note') }
  }

  /** The signed note of one state; undefined where nobody has signed it yet. */
  async noteAt(shard: string, size: number): Promise<string | undefined> {
    const [row] = await this.#connection.rows('note_at', NOTE_AT, [shard, size])
    const note = row?.['note']
    return typeof note === 'string' ? note : undefined
  }
}

function swapped(row: Row): Swapped {
  return {
    upto: numberOf(row, 'upto'),
    shard: textOf(row, 'shard'),
    size: numberOf(row, 'size'),
    root: bytesOf(row, 'root'),
  }
}

function runOf(row: Row): Run {
  return {
    idx: numberOf(row, 'idx'),
    gateway: textOf(row, 'gateway'),
    boot: textOf(row, 'boot'),
    iseq: numberOf(row, 'iseq'),
    records: numberOf(row, 'records'),
  }
}

function missing(run: Run, n: number): Error {
  const who = `number ${run.iseq + n} of gateway ${run.gateway}, boot ${run.boot}`
  return fault('audit.corrupt', `record ${run.idx + n} (${who}) is missing in the database`)
}
