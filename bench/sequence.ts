// Holds the bench `sequence`: records from their spool into tiles, index and a signed checkpoint, against rows in SQLite.

import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { systemClock } from '../src/std/clock.ts'
import type { Stack } from '../src/server/stack.ts'
import { benchHome, fill, openBenchLog, recordsWanted } from './record/filled.ts'
import { median, rounded } from './sample.ts'
import type { Figures } from './figures.ts'

/** The curve has so many points, of equally many records. */
const POINTS = 10
/** Rows of one transaction of the reference, as many as a step of the sequencer. */
const STEP = 4_096
/** Rows of the reference for each point. */
const REFERENCE_ROWS = 100_000

/**
 * Records a second until all of them are under a published checkpoint, appending and signing included, from an empty log to so many records:
 * `curve_per_s` over ten equal parts. The reference, taken beside each part: SQLite in WAL with synchronous=FULL, rows of the same size in
 * transactions of 4,096, with one index.
 */
export async function sequence(closing: Stack): Promise<Figures> {
  const records = recordsWanted(100_000)
  const home = benchHome(closing)
  const log = await openBenchLog(home)
  closing.push(() => log.close())
  await fill(log, 2_000)
  await log.flush()
  const part = Math.ceil(records / POINTS)
  const [curve, ratios, beside]: [number[], number[], number[]] = [[], [], []]
  while (log.stats().size < records) {
    const start = systemClock.monotonic()
    const before = log.stats().size
    await fill(log, Math.min(part, records - before))
    await log.flush()
    const added = log.stats().size - before
    curve.push(added / ((systemClock.monotonic() - start) / 1_000))
    beside.push(sqlitePerSecond(home))
    ratios.push((curve.at(-1) ?? 0) / (beside.at(-1) ?? 1))
    const told = [curve, beside].map((all) => Math.round(all.at(-1) ?? 0)).join('/s, SQLite ')
    process.stderr.write(`${log.stats().size} records: ${told}/s\n`)
  }
  const rss = process.memoryUsage.rss()
  return {
    records,
    records_per_s: Math.round(median(curve)),
    curve_per_s: curve.map((one) => Math.round(one)),
    flat: rounded((curve.at(-1) ?? 0) / (curve[0] ?? 1)),
    sqlite_per_s: Math.round(median(beside)),
    ratio_sqlite: rounded(median(ratios)),
    curve_ratio_sqlite: ratios.map((one) => rounded(one, 3)),
    state_bytes_per_record: Math.round(statSync(join(home, 'log-state.sqlite')).size / records),
    rss_mb: Math.round(rss / 1_048_576),
  }
}

function sqlitePerSecond(home: string): number {
  const path = join(home, 'bench-reference.sqlite')
  const database = new DatabaseSync(path)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec(
    'CREATE TABLE records (idx INTEGER PRIMARY KEY, call TEXT, record TEXT NOT NULL) STRICT',
  )
  database.exec('CREATE INDEX records_call ON records (call)')
  const insert = database.prepare('INSERT INTO records (call, record) VALUES (?, ?)')
  const text = 'x'.repeat(900)
  const start = systemClock.monotonic()
  for (let from = 0; from < REFERENCE_ROWS; from += STEP) {
    database.exec('BEGIN IMMEDIATE')
    for (let i = 0; i < STEP && from + i < REFERENCE_ROWS; i++) insert.run(`call-${from + i}`, text)
    database.exec('COMMIT')
  }
  const perSecond = REFERENCE_ROWS / ((systemClock.monotonic() - start) / 1_000)
  database.close()
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
  return perSecond
}
