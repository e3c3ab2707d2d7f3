// Holds what the tests of the record share: temporary homes, a log key, drafts, and frames laid by hand.

import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { systemClock } from '../std/clock.ts'
import { systemEntropy } from '../std/entropy.ts'
import type { Signer } from '../keys/ring.ts'
import type { RecordDraft } from '../wire/record.ts'
import { checksumFrames, decodeFrames, FRAME_HEAD } from './frame.ts'
import type { AuditLogOptions } from './options.ts'

/** A folder that is removed at the end of a test. */
export function temporaryHome(t: { after(fn: () => void): void }): string {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-audit-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  return home
}

/** A fresh Ed25519 key in memory. */
export function logSigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    algorithm: 'Ed25519',
    publicKey: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
    keyId: '0011223344556677',
    sign: (data) => new Uint8Array(sign(null, data, privateKey)),
    verify: (data, signature) => verify(null, data, publicKey, signature),
  }
}

/** Options of a log with small segments, so that tests cross their borders. */
export function logOptions(home: string, signer: Signer = logSigner()): AuditLogOptions {
  return {
    home,
    gateway: 'gw-test',
    origin: 'audit.test/log',
    signer,
    clock: systemClock,
    entropy: systemEntropy,
    limits: { segmentBytes: 131_072, checkpointMs: 50, waitMs: 10_000 },
  }
}

/** An intent of the given call. */
export function intent(call: string, body: RecordDraft['body'] = {}): RecordDraft {
  return {
    type: 'call.intent',
    phase: 'intent',
    call,
    agent: 'coder',
    system: 'files',
    action: 'read_file',
    instance: 'i-1',
    person: 'p-1',
    body,
  }
}

/** Payloads as the spool's thread gets them: frames laid end to end, checksums still empty. */
export function chunkOf(payloads: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    payloads.flatMap((payload) => {
      const head = Buffer.alloc(FRAME_HEAD)
      head.writeUInt32BE(payload.length, 0)
      return [head, payload]
    }),
  )
}

// Whoever imports this file wants what it holds; only run by itself does it test that.
if (import.meta.main) {
  test('the log key of a test signs, and the frames of a test are frames', () => {
    const data = Uint8Array.of(1, 2, 3)
    const signer = logSigner()
    assert.ok(signer.verify(data, signer.sign(data)))
    const chunk = chunkOf([data, data])
    checksumFrames(chunk)
    assert.equal(decodeFrames(chunk)?.length, 2)
  })
}
