// Holds the bench `durable-records`: 64 producers that each wait for their record to be durable, against SQLite.

import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'

import { openAuditLog } from '../src/audit/open.ts'
import type { Signer } from '../src/keys/ring.ts'
import { systemClock } from '../src/std/clock.ts'
import { systemEntropy } from '../src/std/entropy.ts'
import type { RecordDraft } from '../src/wire/record.ts'

const PRODUCERS = 64
const RUNS = 5
const LOG_RECORDS = 60_000
const SQLITE_RECORDS = 6_000

interface Run {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

/**
 * Records per second and waits over whole logs: envelope, canonical JSON, leaf hash, group commit, and at the same time
 * sequencing into tiles, index and signed checkpoints. The reference, in the same run and turn about: the same 64 producers,
 * each committing its record as one row in one transaction of its own, SQLite in WAL with synchronous=FULL, which is what a
 * gateway without a spool would do. Medians over the runs.
 */
export async function durableRecords(): Promise<Record<string, number>> {
  const log: Run[] = []
  const sqlite: Run[] = []
  for (let run = 0; run < RUNS; run++) {
    log.push(await inFolder(logRun))
    sqlite.push(await inFolder(sqliteRun))
  }
  const perSecond = median(log.map((run) => run.perSecond))
  return {
    records_per_s: Math.round(perSecond),
    p50_ms: rounded(median(log.map((run) => run.p50))),
    p99_ms: rounded(median(log.map((run) => run.p99))),
    sqlite_per_s: Math.round(median(sqlite.map((run) => run.perSecond))),
    ratio_sqlite: rounded(median(log.map((run, i) => run.perSecond / (sqlite[i]?.perSecond ?? 1)))),
  }
}

async function logRun(home: string): Promise<Run> {
  const log = await openAuditLog({
    home,
    gateway: 'bench',
    origin: 'bench.test/log',
    signer: benchSigner(),
    clock: systemClock,
    entropy: systemEntropy,
  })
  // The first records pay for compiling; they are not what is measured.
  await produce(3000, (n) => log.append(draft(n)))
  const run = await produce(LOG_RECORDS, (n) => log.append(draft(n)))
  await log.close()
  return run
}

async function sqliteRun(home: string): Promise<Run> {
  const database = new DatabaseSync(join(home, 'bench.sqlite'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec('CREATE TABLE records (id INTEGER PRIMARY KEY, record TEXT NOT NULL) STRICT')
  const insert = database.prepare('INSERT INTO records (record) VALUES (?)')
  const run = await produce(SQLITE_RECORDS, async (n) => {
    insert.run(JSON.stringify(draft(n)))
    await turn()
  })
  database.close()
  return run
}

async function produce(total: number, append: (n: number) => Promise<unknown>): Promise<Run> {
  const waits: number[] = []
  let next = 0
  const start = systemClock.monotonic()
  await Promise.all(
    Array.from({ length: PRODUCERS }, async () => {
      while (next < total) {
        const begun = systemClock.monotonic()
        await append(next++)
        waits.push(systemClock.monotonic() - begun)
      }
    }),
  )
  const seconds = (systemClock.monotonic() - start) / 1000
  waits.sort((a, b) => a - b)
  return {
    perSecond: total / seconds,
    p50: waits[Math.floor(total * 0.5)] ?? 0,
    p99: waits[Math.floor(total * 0.99)] ?? 0,
  }
}

/** Intent and outcome of a governed call, as large as real ones. */
function draft(n: number): RecordDraft {
  const shared = {
    call: `0192c0de-0000-7000-8000-${String(n >> 1).padStart(12, '0')}`,
    person: '0192c0de-0000-7000-8000-0000000000aa',
    agent: 'release-notes',
    instance: '0192c0de-0000-7000-8000-000000000001',
    system: 'files',
    action: 'read_text_file',
  }
  const arguments_ = 'sha256:n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg'
  if (n % 2 === 1) {
    const body = { status: 'ok', result: arguments_, upstream_ms: 12 }
    return { ...shared, type: 'call.outcome', phase: 'outcome', body }
  }
  const policies = [{ id: 'readers-may-read', effect: 'permit' }]
  const body = { arguments: arguments_, decision: { answer: 'allow', policies }, effects: ['read'] }
  return { ...shared, type: 'call.intent', phase: 'intent', body }
}

async function inFolder(run: (home: string) => Promise<Run>): Promise<Run> {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-bench-'))
  try {
    return await run(home)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

function benchSigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    algorithm: 'Ed25519',
    publicKey: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
    keyId: 'bench',
    sign: (data) => new Uint8Array(sign(null, data, privateKey)),
    verify: (data, signature) => verify(null, data, publicKey, signature),
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
