// Holds the work on a shard that is to go, in a thread of its own: what it takes is no business of the thread that decides.

import { readFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { parentPort, Worker, workerData } from 'node:worker_threads'

import { fault } from '../faults.ts'
import { LogFolder } from '../log-folder.ts'
import { verifyLog } from '../verify.ts'
import type { VerifyFinding } from '../verify-report.ts'
import { removeRows } from './rows.ts'

/** Below everybody else's. */
const NICE = 12

/** What is to go. */
export interface Drop {
  readonly home: string
  /** Name of the shard, and the indices that it has: from `base` on, `size` of them. */
  readonly shard: string
  readonly base: number
  readonly size: number
}

interface Work {
  readonly step: 'verify' | 'drop'
  readonly drop: Drop
}

/** Verifies every record of a shard under its checkpoint. Throws `audit.corrupt` with the first deviation: such a shard is evidence, and stays. */
export async function verifyShard(drop: Drop): Promise<void> {
  const [first] = await inThread({ step: 'verify', drop })
  if (first === undefined) return
  throw fault('audit.corrupt', `it does not verify: ${first.place}: ${first.detail}`)
}

/**
 * Removes a shard's entries, its tiles and its rows in the index; its checkpoints stay. The record about it is durable by then. A crash at
 * any point leaves the mark `dropping`, and the next start calls this again. Rows go first: what is in the index can be read. Throws
 * `audit.unavailable` where the disk refuses.
 */
export async function dropShard(drop: Drop): Promise<void> {
  await inThread({ step: 'drop', drop })
}

async function inThread(work: Work): Promise<readonly VerifyFinding[]> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { retention: work } })
  let findings: readonly VerifyFinding[] = []
  let problem: Error | undefined
  worker.on('message', (found: readonly VerifyFinding[]) => (findings = found))
  await new Promise<void>((resolve) => {
    worker.on('error', (error) => (problem = error))
    worker.once('exit', () => resolve())
  })
  if (problem === undefined) return findings
  throw fault('audit.unavailable', `retention cannot work on ${work.drop.shard}`, problem)
}

async function run({ step, drop: { home, shard, base, size } }: Work): Promise<void> {
  if (process.platform === 'linux') setPriority(0, NICE)
  const directory = join(home, 'log')
  if (step === 'drop') {
    const files = new LogFolder(directory).shard(shard)
    if (!files.dropping) files.beginDrop()
    removeRows(join(home, 'log-state.sqlite'), base, base + size)
    return files.dropTiles()
  }
  const vkey = readFileSync(join(home, 'log.vkey'), 'utf8')
  const { findings } = await verifyLog({ directory, vkey, range: [base, base + size - 1] })
  parentPort?.postMessage(findings.slice(0, 1))
}

const data = workerData as { readonly retention?: Work } | null
if (parentPort !== null && data?.retention !== undefined) await run(data.retention)
