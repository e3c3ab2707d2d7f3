// Holds the bench `sequence`: records from their spool into tiles, index and a signed checkpoint, against rows in SQLite.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { systemClock } from '../src/std/clock.ts'
import type { Stack } from '../src/server/stack.ts'
import { fill, openBenchLog, recordsWanted } from './record/filled.ts'
import { median, rounded } from './sample.ts'

const RUNS = 3
/** Rows of one transaction of the reference, as many as a step of the sequencer. */
const STEP = 4_096

/**
 * Records a second until all of them are under a published checkpoint, appending included. The reference, in the same run: SQLite in WAL with
 * synchronous=FULL, the same number of rows of the same size in transactions of 4,096, with one index.
 */
export async function sequence(closing: Stack): Promise<Record<string, number>> {
  const records = recordsWanted(100_000)
  const log: number[] = []
  const sqlite: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const home = mkdtempSync(join(tmpdir(), 'bailiwick-bench-'))
    closing.push(() => rmSync(home, { recursive: true, force: true }))
    const opened = await openBenchLog(home)
    await fill(opened, 2_000)
    await opened.flush()
    const start = systemClock.monotonic()
    await fill(opened, records)
    await opened.flush()
    log.push(records / ((systemClock.monotonic() - start) / 1_000))
    await opened.close()
    sqlite.push(sqlitePerSecond(home, records))
    rmSync(home, { recursive: true, force: true })
  }
  return {
    records,
    records_per_s: Math.round(median(log)),
    sqlite_per_s: Math.round(median(sqlite)),
    ratio_sqlite: rounded(median(log.map((one, i) => one / (sqlite[i] ?? 1)))),
  }
}

function sqlitePerSecond(home: string, records: number): number {
  const database = new DatabaseSync(join(home, 'bench.sqlite'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec(
    'CREATE TABLE records (idx INTEGER PRIMARY KEY, call TEXT, record TEXT NOT NULL) STRICT',
  )
  database.exec('CREATE INDEX records_call ON records (call)')
  const insert = database.prepare('INSERT INTO records (call, record) VALUES (?, ?)')
  const text = 'x'.repeat(800)
  const start = systemClock.monotonic()
  for (let from = 0; from < records; from += STEP) {
    database.exec('BEGIN IMMEDIATE')
    for (let i = 0; i < STEP && from + i < records; i++) insert.run(`call-${from + i}`, text)
    database.exec('COMMIT')
  }
  const perSecond = records / ((systemClock.monotonic() - start) / 1_000)
  database.close()
  return perSecond
}
