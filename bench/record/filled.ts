// Holds a log of a bench: filled with records like those of calls, through the real spool and sequencer.

import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAuditLog } from '../../src/audit/open.ts'
import type { AuditLog } from '../../src/audit/log.ts'
import type { Signer } from '../../src/keys/ring.ts'
import type { Stack } from '../../src/server/stack.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { callDrafts } from './calls.ts'

/** Calls under way at once while a log is filled: the queue of the spool holds several times their records. */
const LANES = 3_000

/** How many records a bench is about: `--records`, BENCH_RECORDS, or so many. */
export function recordsWanted(otherwise: number): number {
  const given = Number(process.env['BENCH_RECORDS'] ?? otherwise)
  if (!Number.isSafeInteger(given) || given < 1_000) throw new Error('--records is from 1000')
  return given
}

/**
 * The home of the bench's log: `--home` or BENCH_HOME, which is kept, so that a large log is filled once and serves every bench; or one of its
 * own under TMPDIR that is removed at the end.
 */
export function benchHome(closing: Stack): string {
  const kept = process.env['BENCH_HOME']
  if (kept !== undefined) {
    mkdirSync(kept, { recursive: true })
    return kept
  }
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-bench-'))
  closing.push(() => rmSync(home, { recursive: true, force: true }))
  return home
}

/** Opens a log in a folder, with a key that is of no other use. */
export function openBenchLog(home: string): Promise<AuditLog> {
  const privateKey = createPrivateKey(keyOf(home))
  const publicKey = createPublicKey(privateKey)
  const signer: Signer = {
    algorithm: 'Ed25519',
    publicKey: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
    keyId: '0011223344556677',
    sign: (data) => new Uint8Array(sign(null, data, privateKey)),
    verify: (data, signature) => verify(null, data, publicKey, signature),
  }
  const quota = { perSecond: 100_000, perDay: Number.MAX_SAFE_INTEGER }
  const [clock, entropy] = [systemClock, systemEntropy]
  const origin = 'bench.test/log'
  // On a disk that others use too, a bench waits where a gateway would refuse.
  const limits = { waitMs: 60_000 }
  return openAuditLog({ home, gateway: 'bench', origin, signer, clock, entropy, quota, limits })
}

/** Appends at least so many records of calls, each outcome once its intent is durable. */
export async function fill(log: AuditLog, count: number): Promise<void> {
  let left = count
  const lane = async (): Promise<void> => {
    while (left > 0) {
      const { first, outcome } = callDrafts()
      left -= outcome === undefined ? 1 : 2
      const { leaf } = await log.append(first)
      if (outcome !== undefined) await log.append(outcome(leaf))
    }
  }
  await Promise.all(Array.from({ length: Math.min(LANES, count) }, lane))
}

/** Verifier keys of a home's log. */
export function vkeysOf(home: string): string {
  return readFileSync(join(home, 'log.vkey'), 'utf8')
}

function keyOf(home: string): string {
  const path = join(home, 'bench-key.pem')
  if (!existsSync(path)) {
    const { privateKey } = generateKeyPairSync('ed25519')
    writeFileSync(path, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
  }
  return readFileSync(path, 'utf8')
}
