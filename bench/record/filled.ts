// Holds a log of a bench: filled with records like those of calls, through the real spool and sequencer.

import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openAuditLog } from '../../src/audit/open.ts'
import type { AuditLog } from '../../src/audit/log.ts'
import type { Signer } from '../../src/keys/ring.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { uuidv7 } from '../../src/std/id.ts'
import type { RecordDraft } from '../../src/wire/record.ts'

/** Records appended at once; the queue of the spool holds several of these. */
const BATCH = 4_000

/** How many records a bench is about: BENCH_RECORDS, or so many. */
export function recordsWanted(otherwise: number): number {
  const given = Number(process.env['BENCH_RECORDS'] ?? otherwise)
  if (!Number.isSafeInteger(given) || given < 1_000) throw new Error('BENCH_RECORDS is from 1000')
  return given
}

/** Opens a log in a folder with a key that is thrown away. */
export function openBenchLog(home: string): Promise<AuditLog> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const signer: Signer = {
    algorithm: 'Ed25519',
    publicKey: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
    keyId: '0011223344556677',
    sign: (data) => new Uint8Array(sign(null, data, privateKey)),
    verify: (data, signature) => verify(null, data, publicKey, signature),
  }
  const quota = { perSecond: 100_000, perDay: Number.MAX_SAFE_INTEGER }
  const [clock, entropy] = [systemClock, systemEntropy]
  return openAuditLog({
    home,
    gateway: 'bench',
    origin: 'bench.test/log',
    signer,
    clock,
    entropy,
    quota,
  })
}

/** Appends records of calls: 200 agents, 50 systems, one in twenty denied. */
export async function fill(log: AuditLog, count: number): Promise<void> {
  for (let from = 0; from < count; from += BATCH) {
    const many = Math.min(BATCH, count - from)
    await Promise.all(Array.from({ length: many }, (_, i) => log.append(draft(from + i))))
  }
}

/** Verifier keys of a home's log. */
export function vkeysOf(home: string): string {
  return readFileSync(join(home, 'log.vkey'), 'utf8')
}

function draft(n: number): RecordDraft {
  const denied = n % 20 === 0
  return {
    type: denied ? 'call.denied' : 'call.outcome',
    phase: denied ? 'decision' : 'outcome',
    call: uuidv7(systemClock, systemEntropy),
    agent: `agent-${n % 200}`,
    instance: `01900000-0000-7000-8000-${String(n % 200).padStart(12, '0')}`,
    person: `per_${n % 97}`,
    system: `system-${n % 50}`,
    action: n % 3 === 0 ? 'create_refund' : 'read_file',
    body: {
      ...(denied ? { code: 'policy.denied', reason: 'no policy permits it' } : { status: 'ok' }),
      decision: {
        answer: denied ? 'deny' : 'allow',
        policy_set: 'a'.repeat(64),
        parties: [{ party: 'agent', policies: [`p-${n % 400}`] }],
      },
      effects: ['read'],
      duration_ms: n % 90,
    },
  }
}
