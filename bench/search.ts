// Holds the bench `search`: the first page of queries of every kind, over a log of BENCH_RECORDS records (200,000).

import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'
import { parseSearch } from '../src/audit/search/query.ts'
import { Search } from '../src/audit/search/search.ts'
import { systemClock } from '../src/std/clock.ts'
import type { Stack } from '../src/server/stack.ts'
import { fill, openBenchLog, recordsWanted } from './record/filled.ts'
import { median, quantile, rounded } from './sample.ts'

const RUNS = 15
const PAGE = 50
/** Common, rare, combined, words, wide in time, and nothing at all. */
const QUERIES = [
  'type:call.*',
  'agent:agent-7',
  'decision:deny agent:agent-20',
  'system:system-3 policy:p-3 refund',
  'person:per_5 code:policy.denied since:7d',
  'agent:agent-7 system:system-8',
  'agent:nobody',
  'since:30d',
]

/**
 * Milliseconds to the first page (`p50_ms`, `p99_ms`, worst query `worst_ms`), records a second that the index takes up, and bytes of index for
 * each record. The reference, in the same run: the same page by a full scan of a SQLite table without an index (`ratio_scan`).
 */
export async function search(closing: Stack): Promise<Record<string, number>> {
  const records = recordsWanted(200_000)
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-bench-'))
  closing.push(() => rmSync(home, { recursive: true, force: true }))
  const log = await openBenchLog(home)
  await fill(log, records)
  await log.flush()
  const begun = systemClock.monotonic()
  const index = await Search.open(home, log)
  while (index.state().lag > 0) await pause(20)
  const took = systemClock.monotonic() - begun
  const times: number[] = []
  let worst = 0
  for (const text of QUERIES) {
    const own: number[] = []
    for (let run = 0; run < RUNS; run++) {
      const start = systemClock.monotonic()
      const query = parseSearch(text, systemClock.now())
      await index.page({ query, limit: PAGE, order: 'newest' })
      own.push(systemClock.monotonic() - start)
    }
    times.push(...own)
    worst = Math.max(worst, median(own))
  }
  const scan = scanMs(home)
  await index.close()
  const bytes = ['', '-wal'].map(
    (end) => statSync(join(home, `search.sqlite${end}`), { throwIfNoEntry: false })?.size ?? 0,
  )
  await log.close()
  return {
    records,
    p50_ms: rounded(median(times)),
    p99_ms: rounded(quantile(times, 0.99)),
    worst_ms: rounded(worst),
    indexed_per_s: Math.round(records / (took / 1_000)),
    bytes_per_record: Math.round((bytes[0] ?? 0) / records),
    ratio_scan: rounded(scan / median(times)),
  }
}

/** What the rarest of the queries costs without an index: a scan of the log's own table. */
function scanMs(home: string): number {
  const database = new DatabaseSync(join(home, 'log-state.sqlite'), { readOnly: true })
  const statement = database.prepare(
    `SELECT idx FROM records NOT INDEXED WHERE agent = 'agent-7' AND system = 'system-8' ORDER BY idx DESC LIMIT ${PAGE}`,
  )
  const times = Array.from({ length: 5 }, () => {
    const start = systemClock.monotonic()
    statement.all()
    return systemClock.monotonic() - start
  })
  database.close()
  return median(times)
}
