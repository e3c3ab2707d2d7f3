// Holds the process that the injected faults hit: a few calls on a small log, each acknowledgement said before the call acts.

import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { removeBreakGlass, writeBreakGlass } from '../../src/audit/break-glass.ts'
import type { AuditLog } from '../../src/audit/log.ts'
import { openAuditLog } from '../../src/audit/open.ts'
import type { AuditLogOptions } from '../../src/audit/options.ts'
import type { Signer } from '../../src/keys/ring.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { Fault } from '../../src/std/fault.ts'
import { uuidv7 } from '../../src/std/id.ts'

/** Calls of one run. */
const CALLS = 4
/** So much that segments of the least size are filled after two or three of them. */
const FILL = 'x'.repeat(50_000)
/** The watch looks once a second; one that a fault stopped may never get there. */
const MOVE_MS = 20
const MOVE_TRIES = 200
/** The last calls are of another half-year. */
export const HALF_YEAR_MS = 184 * 86_400_000

/** A signer of the log from its private key. */
export function signerOf(pem: string): Signer {
  const privateKey = createPrivateKey(pem)
  const publicKey = createPublicKey(privateKey)
  return {
    algorithm: 'Ed25519',
    publicKey: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
    keyId: '0011223344556677',
    sign: (data) => new Uint8Array(sign(null, data, privateKey)),
    verify: (data, signature) => verify(null, data, publicKey, signature),
  }
}

/** The small log. `aheadMs` is what its clock says more than the machine's. */
export function smallLog(home: string, pem: string, aheadMs = () => 0): AuditLogOptions {
  const clock = {
    now: () => systemClock.now() + aheadMs(),
    monotonic: () => systemClock.monotonic(),
  }
  return {
    home,
    gateway: 'gw-crash',
    origin: 'audit.test/log',
    signer: signerOf(pem),
    clock,
    entropy: systemEntropy,
    limits: { segmentBytes: 131_072, keptBytes: 131_072, checkpointMs: 20, waitMs: 5_000 },
  }
}

/** The checkpoints that are published, as signed notes. */
export function checkpoints(home: string): string[] {
  const folder = join(home, 'log')
  const shards = existsSync(folder) ? readdirSync(folder) : []
  const paths = shards.map((shard) => join(folder, shard, 'checkpoint'))
  return paths.filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8'))
}

/** One victim at work. */
interface Running {
  readonly log: AuditLog
  /** Descriptor of the file of what was acted on. */
  readonly journal: number
  readonly home: string
}

/** An intent, the act, its outcome, and all of it published. A refusal is said, and the next one is tried. */
async function callOnce({ log, journal, home }: Running, n: number): Promise<void> {
  const base = { system: 'ledger', action: 'append', agent: 'clerk', instance: 'i-1', person: 'p' }
  const call = `${log.boot}/${n}`
  try {
    const body = { fill: FILL }
    const intent = await log.append({ type: 'call.intent', phase: 'intent', call, ...base, body })
    writeSync(1, `ack ${intent.leaf}\n`)
    writeSync(journal, `${intent.leaf}\n`)
    fsyncSync(journal)
    const outcome = await log.append({
      type: 'call.outcome',
      phase: 'outcome',
      call,
      ref: intent.leaf,
      body: { status: 'ok' },
    })
    writeSync(1, `ack ${outcome.leaf}\n`)
    // Every step is sequenced and published by itself, so that a run has the same system calls every time.
    await log.flush()
    for (const note of checkpoints(home)) {
      writeSync(1, `pin ${Buffer.from(note).toString('base64')}\n`)
    }
  } catch (error) {
    writeSync(1, `refused ${named(error)}\n`)
  }
}

/** Records go to another folder and come home; where a fault keeps them from it, the calls go on wherever they go. */
async function breakGlass(running: Running): Promise<void> {
  const { home, log } = running
  const to = join(home, 'other')
  const at = systemClock.now()
  const id = uuidv7(systemClock, systemEntropy)
  const step = async (ask: () => void, done: () => boolean): Promise<void> => {
    try {
      ask()
    } catch (error) {
      // The one who asks is a process of its own: it shows what the disk said.
      writeSync(1, `not asked ${String(error)}\n`)
    }
    for (let n = 0; n < MOVE_TRIES && !done(); n++) await pause(MOVE_MS)
  }
  await step(
    () => writeBreakGlass(home, { id, to, at, until: at + 60_000, reason: 'full', by: 'root' }),
    () => log.stats().breakGlass?.open === true,
  )
  await callOnce(running, 1)
  await callOnce(running, 2)
  await step(
    () => removeBreakGlass(home),
    () => log.stats().breakGlass?.open !== true,
  )
  await callOnce(running, 3)
  await step(
    () => undefined,
    () => log.stats().breakGlass === undefined,
  )
}

async function run(home: string, pem: string, journalPath: string, moves: boolean): Promise<void> {
  let ahead = 0
  const log = await openAuditLog(smallLog(home, pem, () => ahead))
  const journal = openSync(journalPath, 'a', 0o600)
  const running = { log, journal, home }
  if (moves) {
    await callOnce(running, 0)
    await breakGlass(running)
  } else {
    for (let n = 0; n < CALLS; n++) {
      if (n === CALLS - 1) ahead = HALF_YEAR_MS
      await callOnce(running, n)
    }
  }
  closeSync(journal)
  await log.close()
}

function named(error: unknown): string {
  return error instanceof Fault ? error.code : `unnamed ${String(error)}`
}

if (import.meta.main) {
  const [home = '', journal = '', moves] = process.argv.slice(2)
  try {
    await run(home, process.env['VICTIM_KEY'] ?? '', journal, moves === 'break-glass')
    writeSync(1, 'end\n')
  } catch (error) {
    writeSync(1, `closed ${named(error)}\n`)
    process.exitCode = 1
  }
}
