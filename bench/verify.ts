// Holds the bench `verify`: the whole log hashed, parsed and followed, against SHA-256 over the same bytes.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyLog } from '../src/audit/verify.ts'
import { systemClock } from '../src/std/clock.ts'
import type { Stack } from '../src/server/stack.ts'
import type { Figures } from './figures.ts'
import { benchHome, fill, openBenchLog, recordsWanted, vkeysOf } from './record/filled.ts'
import { sizesUpTo } from './record/sizes.ts'
import { median, rounded } from './sample.ts'

const RUNS = 3
/** A log from this size on is gone through once: it takes minutes. */
const ONCE = 1_000_000

/** What one size of the log gave: records a second, by records and by hashes alone. */
interface Verified {
  readonly records: number
  readonly whole: number
  readonly hashes: number
  readonly ratio: number
}

/**
 * Records a second over the sizes; `whole_s` is how long the largest took; `ratio_sha256` is its time over that of one SHA-256 of all files, in
 * the same run, on one thread.
 */
export async function verify(closing: Stack): Promise<Figures> {
  const records = recordsWanted(200_000)
  const home = benchHome(closing)
  const curve: Verified[] = []
  let already = await filledTo(home, 0)
  for (const size of sizesUpTo(records, already)) {
    already = await filledTo(home, size)
    curve.push(await measured(home, already))
    process.stderr.write(`${JSON.stringify(curve.at(-1))}\n`)
  }
  const last = curve.at(-1)!
  return {
    records: last.records,
    records_per_s: Math.round(last.whole),
    hashes_per_s: Math.round(last.hashes),
    whole_s: rounded(last.records / last.whole),
    curve_records: curve.map((one) => one.records),
    curve_per_s: curve.map((one) => Math.round(one.whole)),
    curve_hashes_per_s: curve.map((one) => Math.round(one.hashes)),
    flat: rounded(last.whole / (curve[0]?.whole ?? 1)),
    ratio_sha256: last.ratio,
    rss_mb: Math.round(process.memoryUsage.rss() / 1_048_576),
  }
}

async function filledTo(home: string, size: number): Promise<number> {
  const log = await openBenchLog(home)
  await fill(log, Math.max(0, size - log.stats().size))
  await log.flush()
  await log.close()
  return log.stats().size
}

async function measured(home: string, records: number): Promise<Verified> {
  const directory = join(home, 'log')
  const timed = async (read: 'records' | 'hashes'): Promise<number> => {
    const start = systemClock.monotonic()
    const report = await verifyLog({ directory, vkey: vkeysOf(home), read })
    if (!report.ok) throw new Error(`the log deviates: ${JSON.stringify(report.findings)}`)
    return systemClock.monotonic() - start
  }
  const [whole, hashes, plain]: [number[], number[], number[]] = [[], [], []]
  for (let run = 0; run < (records < ONCE ? RUNS : 1); run++) {
    whole.push(await timed('records'))
    hashes.push(await timed('hashes'))
    plain.push(sha256Ms(directory))
  }
  return {
    records,
    whole: records / (median(whole) / 1_000),
    hashes: records / (median(hashes) / 1_000),
    ratio: rounded(median(whole.map((one, i) => one / (plain[i] ?? 1)))),
  }
}

function sha256Ms(directory: string): number {
  const start = systemClock.monotonic()
  const hash = createHash('sha256')
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) hash.update(readFileSync(join(entry.parentPath, entry.name)))
  }
  hash.digest()
  return systemClock.monotonic() - start
}
