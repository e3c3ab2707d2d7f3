// Holds the bench `open`: a home's log opened again, cleanly and after a crash, and one thing looked up in it, by the size of the log.

import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { utf8 } from '../src/std/bytes.ts'
import { systemClock } from '../src/std/clock.ts'
import { canonicalJson, type Json } from '../src/std/json.ts'
import { verifyRecordProof } from '../src/audit/verify-proof.ts'
import type { AuditLog } from '../src/audit/log.ts'
import type { LoggedRecord } from '../src/audit/log-reader.ts'
import type { Stack } from '../src/server/stack.ts'
import type { Figures } from './figures.ts'
import { benchHome, fill, openBenchLog, recordsWanted, vkeysOf } from './record/filled.ts'
import { sizesUpTo } from './record/sizes.ts'
import { median, rounded } from './sample.ts'

const OPENS = 5
const LOOKS = 100

/** What one size of the log gave, ms. */
interface Opened {
  readonly records: number
  readonly open: number
  readonly call: number
  readonly leaf: number
  readonly filtered: number
  readonly proof: number
  readonly reference: number
}

/**
 * Milliseconds to open the log (its threads included) until it takes records, and to answer, at places spread over the whole log: all records
 * of a call (`call_ms`, what `audit show CALL` asks), a record by its leaf hash, the newest fifty of one agent and system, and a proof, verified.
 * The reference of a look-up, in the same run: one row by its key out of a SQLite table of the same number of rows (`ratio_row`).
 */
export async function open(closing: Stack): Promise<Figures> {
  const records = recordsWanted(200_000)
  const home = benchHome(closing)
  const curve: Opened[] = []
  let already = await filledTo(home, 0)
  for (const size of sizesUpTo(records, already)) {
    already = await filledTo(home, size)
    curve.push(await measured(home))
    process.stderr.write(`${JSON.stringify(curve.at(-1))}\n`)
  }
  const last = curve.at(-1)!
  const of = (name: keyof Opened): number[] => curve.map((one) => rounded(one[name]))
  return {
    records: last.records,
    open_ms: rounded(last.open),
    call_ms: rounded(last.call),
    leaf_ms: rounded(last.leaf),
    filtered_ms: rounded(last.filtered),
    proof_ms: rounded(last.proof),
    ratio_row: rounded(last.call / last.reference),
    curve_records: of('records'),
    curve_open_ms: of('open'),
    curve_call_ms: of('call'),
    curve_leaf_ms: of('leaf'),
    curve_filtered_ms: of('filtered'),
  }
}

async function filledTo(home: string, size: number): Promise<number> {
  const log = await openBenchLog(home)
  await fill(log, Math.max(0, size - log.stats().size))
  await log.flush()
  await log.close()
  return log.stats().size
}

async function measured(home: string): Promise<Opened> {
  const opens: number[] = []
  for (let run = 0; run < OPENS; run++) {
    const start = systemClock.monotonic()
    const log = await openBenchLog(home)
    opens.push(systemClock.monotonic() - start)
    await log.close()
  }
  const log = await openBenchLog(home)
  try {
    return { records: log.stats().size, open: median(opens), ...(await looks(home, log)) }
  } finally {
    await log.close()
  }
}

async function looks(home: string, log: AuditLog): Promise<Omit<Opened, 'records' | 'open'>> {
  const { size } = log.stats()
  const [call, leaf, filtered, proof]: number[][] = [[], [], [], []]
  const timed = async (into: number[] | undefined, work: () => unknown): Promise<void> => {
    const start = systemClock.monotonic()
    await work()
    into?.push(systemClock.monotonic() - start)
  }
  for (let i = 0; i < LOOKS; i++) {
    const index = Math.floor(((i + 0.5) / LOOKS) * size)
    const [one] = log.read(index, 1)
    if (one === undefined) throw new Error('the log has a hole')
    const id = one.record.call
    if (id !== undefined) await timed(call, () => log.byCall(id))
    await timed(leaf, async () => {
      if ((await log.get(one.leaf))?.index !== index) throw new Error('a leaf is not found')
    })
    await timed(filtered, () =>
      log.tail({ limit: 50, agent: `agent-${i}`, system: `system-${i % 50}` }),
    )
    await timed(proof, () => {
      const proof = log.proof(index)
      const { ok } = verifyRecordProof({ proof, entry: entryOf(one), vkey: vkeysOf(home) })
      if (!ok) throw new Error('a proof does not hold')
    })
  }
  return {
    call: median(call ?? []),
    leaf: median(leaf ?? []),
    filtered: median(filtered ?? []),
    proof: median(proof ?? []),
    reference: rowMs(home, size),
  }
}

function entryOf({ record }: LoggedRecord): Uint8Array {
  return utf8(canonicalJson(record as unknown as Json))
}

function rowMs(home: string, size: number): number {
  const database = new DatabaseSync(join(home, 'log-state.sqlite'), { readOnly: true })
  const row = database.prepare('SELECT * FROM records WHERE idx = ?')
  const times = Array.from({ length: LOOKS }, (_, i) => {
    const start = systemClock.monotonic()
    row.get(Math.floor(((i + 0.25) / LOOKS) * size))
    return systemClock.monotonic() - start
  })
  database.close()
  return median(times)
}
