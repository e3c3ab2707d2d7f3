// Holds the bench `search`: the first page of queries of every kind, over a log that grows tenfold from 10,000 records on.

import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'
import type { AuditLog } from '../src/audit/log.ts'
import { parseSearch } from '../src/audit/search/query.ts'
import { Search } from '../src/audit/search/search.ts'
import { systemClock } from '../src/std/clock.ts'
import type { Stack } from '../src/server/stack.ts'
import type { Figures } from './figures.ts'
import { benchHome, fill, openBenchLog, recordsWanted } from './record/filled.ts'
import { sizesUpTo } from './record/sizes.ts'
import { median, quantile, rounded } from './sample.ts'

const RUNS = 15
const PAGE = 50
const POINTS = 10
/** Common, rare, rare and common, common and never together, free text, one call, a part of the time, and nothing at all. */
const QUERIES = [
  'type:call.*',
  'agent:agent-7',
  'decision:deny agent:agent-20',
  'system:system-3 policy:p-3 refund',
  'agent:agent-7 system:system-8',
  'code:policy.denied reviewed finance',
  'label:untrusted status:tool_error',
  'agent:nobody',
  'CALL',
  'TRACE',
  'since:30d',
  'agent:agent-7 until:MIDDLE',
  'since:MIDDLE until:MIDDLE+1s read',
]

/** What one size of the log gave, ms. */
interface Pages {
  readonly records: number
  readonly p50: number
  readonly p99: number
  readonly worst: number
  readonly worstQuery: string
  /** The slowest page of the first twenty of a common query, newest first, each by the cursor of the one before. */
  readonly deep: number
}

/**
 * Milliseconds to the first page: `p50_ms`, `p99_ms`, the median of the slowest query `worst_ms`, and each over the sizes (`curve_…`); records a
 * second that the index takes up when it is made anew, over ten equal parts (`indexed_curve_per_s`); bytes of index for each record. The
 * reference, in the same run: the same page by a scan of the log's own table without an index (`ratio_scan`).
 */
export async function search(closing: Stack): Promise<Figures> {
  const records = recordsWanted(200_000)
  const home = benchHome(closing)
  const log = await openBenchLog(home)
  closing.push(() => log.close())
  const curve: Pages[] = []
  let indexed: number[] = []
  for (const size of sizesUpTo(records, log.stats().size)) {
    await fill(log, Math.max(0, size - log.stats().size))
    await log.flush()
    if (size === records) indexed = await indexedCurve(home, log)
    curve.push(await measured(home, log))
    process.stderr.write(`${JSON.stringify(curve.at(-1))}\n`)
  }
  const scan = scanMs(home)
  const { p50, p99, worst, worstQuery, deep } = curve.at(-1)!
  const bytes = statSync(join(home, 'search.sqlite')).size
  return {
    records: log.stats().size,
    p50_ms: p50,
    p99_ms: p99,
    worst_ms: worst,
    worst_query: worstQuery,
    deep_ms: deep,
    curve_records: curve.map((one) => one.records),
    curve_p50_ms: curve.map((one) => one.p50),
    curve_worst_ms: curve.map((one) => one.worst),
    indexed_per_s: Math.round(median(indexed)),
    indexed_curve_per_s: indexed.map((one) => Math.round(one)),
    bytes_per_record: Math.round(bytes / log.stats().size),
    ratio_scan: rounded(scan / p50),
  }
}

async function measured(home: string, log: AuditLog): Promise<Pages> {
  const index = await Search.open(home, log)
  try {
    while (index.state().lag > 0) await pause(20)
    const times: number[] = []
    let [worst, worstQuery] = [0, '']
    for (const asked of QUERIES) {
      const text = worded(asked, log)
      const own: number[] = []
      for (let run = 0; run < RUNS; run++) own.push(await pageMs(index, text))
      times.push(...own)
      if (median(own) > worst) [worst, worstQuery] = [median(own), asked]
    }
    return {
      records: log.stats().size,
      p50: rounded(median(times)),
      p99: rounded(quantile(times, 0.99)),
      worst: rounded(worst),
      worstQuery,
      deep: rounded(await deepMs(index)),
    }
  } finally {
    await index.close()
  }
}

/** Puts in what only this log knows: a call and a trace in the middle of it, and when that was. */
function worded(text: string, log: AuditLog): string {
  const { call = '', trace = '', ts } = middle(log)
  const later = new Date(Date.parse(ts) + 1_000).toISOString()
  return text
    .replace('CALL', `call:${call}`)
    .replace('TRACE', `trace:${trace}`)
    .replace('MIDDLE+1s', later)
    .replaceAll('MIDDLE', ts)
}

function middle(log: AuditLog): { call?: string; trace?: string; ts: string } {
  const found = log.read(Math.floor(log.stats().size / 2), 100)
  const of = found.find(({ record }) => record.call !== undefined)
  if (of === undefined) throw new Error('the log has no calls')
  return of.record
}

async function pageMs(index: Search, text: string): Promise<number> {
  const start = systemClock.monotonic()
  const query = parseSearch(text, systemClock.now())
  await index.page({ query, limit: PAGE, order: 'newest' })
  return systemClock.monotonic() - start
}

async function deepMs(index: Search): Promise<number> {
  const query = parseSearch('system:system-3', systemClock.now())
  let cursor: string | undefined
  let worst = 0
  for (let page = 0; page < 20; page++) {
    const start = systemClock.monotonic()
    const ask = { query, limit: PAGE, order: 'newest' as const }
    const { next } = await index.page({ ...ask, ...(cursor !== undefined && { cursor }) })
    worst = Math.max(worst, systemClock.monotonic() - start)
    if (next === null) break
    cursor = next
  }
  return worst
}

/** Makes the index anew: records a second over equal parts. */
async function indexedCurve(home: string, log: AuditLog): Promise<number[]> {
  for (const end of ['', '-wal', '-shm']) rmSync(join(home, `search.sqlite${end}`), { force: true })
  const index = await Search.open(home, log)
  const part = log.stats().size / POINTS
  const curve: number[] = []
  let [from, start] = [0, systemClock.monotonic()]
  while (index.state().lag > 0) {
    await pause(20)
    const { indexed } = index.state()
    if (indexed - from < part && index.state().lag > 0) continue
    const now = systemClock.monotonic()
    curve.push((indexed - from) / ((now - start) / 1_000))
    process.stderr.write(`${indexed} indexed: ${Math.round(curve.at(-1) ?? 0)}/s\n`)
    ;[from, start] = [indexed, now]
  }
  await index.close()
  return curve
}

/** What one of the queries costs without an index: a scan of the log's own table. */
function scanMs(home: string): number {
  const database = new DatabaseSync(join(home, 'log-state.sqlite'), { readOnly: true })
  const statement = database.prepare(
    `SELECT idx FROM records NOT INDEXED WHERE agent = 'agent-7' AND system = 'system-8' ORDER BY idx DESC LIMIT ${PAGE}`,
  )
  const times = Array.from({ length: 3 }, () => {
    const start = systemClock.monotonic()
    statement.all()
    return systemClock.monotonic() - start
  })
  database.close()
  return median(times)
}
