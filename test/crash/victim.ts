// Holds the process that the injected faults hit: a few calls on a small log, each acknowledgement said before the call acts.

import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { openAuditLog } from '../../src/audit/open.ts'
import type { AuditLogOptions } from '../../src/audit/options.ts'
import type { Signer } from '../../src/keys/ring.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { Fault } from '../../src/std/fault.ts'

/** Calls of one run. */
const CALLS = 4
/** So much that segments of the least size are filled after two or three of them. */
const FILL = 'x'.repeat(50_000)
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

async function run(home: string, pem: string, journalPath: string): Promise<void> {
  let ahead = 0
  const log = await openAuditLog(smallLog(home, pem, () => ahead))
  const journal = openSync(journalPath, 'a', 0o600)
  const base = {
    system: 'ledger',
    action: 'append',
    agent: 'clerk',
    instance: 'i-1',
    person: 'p-1',
  }
  for (let n = 0; n < CALLS; n++) {
    if (n === CALLS - 1) ahead = HALF_YEAR_MS
    const call = `${log.boot}/${n}`
    try {
      const body = { fill: FILL }
      const intent = await log.append({ type: 'call.intent', phase: 'intent', call, ...base, body })
      writeSync(1, `ack ${intent.leaf}\n`)
      writeSync(journal, `${intent.leaf}\n`)
      fsyncSync(journal)
      const ref = intent.leaf
      const outcome = await log.append({
        type: 'call.outcome',
        phase: 'outcome',
        call,
        ref,
        body: { status: 'ok' },
      })
      writeSync(1, `ack ${outcome.leaf}\n`)
      // Every step is sequenced and published by itself, so that a run has the same system calls every time.
      const { size } = await log.flush()
      writeSync(1, `size ${size}\n`)
    } catch (error) {
      writeSync(1, `refused ${error instanceof Fault ? error.code : `unnamed ${String(error)}`}\n`)
    }
  }
  closeSync(journal)
  await log.close()
}

if (import.meta.main) {
  const [home = '', journal = ''] = process.argv.slice(2)
  try {
    await run(home, process.env['VICTIM_KEY'] ?? '', journal)
    writeSync(1, 'end\n')
  } catch (error) {
    writeSync(1, `closed ${error instanceof Fault ? error.code : `unnamed ${String(error)}`}\n`)
    process.exitCode = 1
  }
}
