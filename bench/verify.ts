// Holds the bench `verify`: the whole log hashed, parsed and followed, against SHA-256 over the same bytes.

import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyLog } from '../src/audit/verify.ts'
import { systemClock } from '../src/std/clock.ts'
import type { Stack } from '../src/server/stack.ts'
import { fill, openBenchLog, recordsWanted, vkeysOf } from './record/filled.ts'
import { median, rounded } from './sample.ts'

const RUNS = 3

/** Records a second, by records and by hashes alone; `ratio_sha256` is the time over that of one SHA-256 of all files. */
export async function verify(closing: Stack): Promise<Record<string, number>> {
  const records = recordsWanted(200_000)
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-bench-'))
  closing.push(() => rmSync(home, { recursive: true, force: true }))
  const log = await openBenchLog(home)
  await fill(log, records)
  await log.close()
  const directory = join(home, 'log')
  const timed = async (read: 'records' | 'hashes'): Promise<number> => {
    const start = systemClock.monotonic()
    const report = await verifyLog({ directory, vkey: vkeysOf(home), read })
    if (!report.ok) throw new Error('the log of the bench deviates')
    return systemClock.monotonic() - start
  }
  const whole: number[] = []
  const hashes: number[] = []
  const plain: number[] = []
  for (let run = 0; run < RUNS; run++) {
    whole.push(await timed('records'))
    hashes.push(await timed('hashes'))
    plain.push(sha256Ms(directory))
  }
  return {
    records,
    records_per_s: Math.round(records / (median(whole) / 1_000)),
    hashes_per_s: Math.round(records / (median(hashes) / 1_000)),
    ratio_sha256: rounded(median(whole) / median(plain)),
    rss_mb: Math.round(process.memoryUsage.rss() / 1_048_576),
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
