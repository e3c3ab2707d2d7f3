// Holds the tests of receipts: what was promised can be shown, by the receipt and the public key alone, and nothing else passes for it.

import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'

import { base64url } from '../std/bytes.ts'
import { canonicalJson, type JsonObject } from '../std/json.ts'
import { openLogKey } from './log-key.ts'
import { openAuditLog } from './open.ts'
import {
  parseReceipt,
  signReceipts,
  verifyReceipt,
  type ReceiptRecord,
  type SignedReceipt,
} from './receipt.ts'
import { Receipts } from './receipts.ts'
import { segmentName } from './segment.ts'
import { editSegment } from './segment-edit.test.ts'
import { intent, logOptions, logSigner, temporaryHome } from './testbed.test.ts'
import { ReceiptCheck } from './verify-receipts.ts'
import { verifyLog } from './verify.ts'

const BOOT = '01a207f7-edf7-7864-bb63-5f381763e370'
const AT = Date.UTC(2026, 10, 23)

function records(count: number): ReceiptRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `01a207f7-edf7-7864-bb63-${String(i).padStart(12, '0')}`,
    leaf: base64url(new Uint8Array(32).fill(i % 256)),
    ts: '2026-11-23T00:00:00.000Z',
    gateway: 'gw',
    boot: BOOT,
    iseq: i + 1,
  }))
}

function textOf(receipt: SignedReceipt): string {
  return canonicalJson(receipt as unknown as JsonObject)
}

test('each record of a batch has a receipt that proves itself, under one signature', (t) => {
  const key = openLogKey(temporaryHome(t), 'audit.test/log', logSigner())
  let signatures = 0
  const signer = key.own()
  const counted = { ...signer, sign: (body: Uint8Array) => ((signatures += 1), signer.sign(body)) }
  for (const count of [1, 2, 255, 256, 257, 600]) {
    signatures = 0
    const receipts = signReceipts(records(count), { signer: counted, at: AT, mmdMs: 60_000 })
    assert.equal(signatures, 1)
    for (const [i, receipt] of receipts.entries()) {
      const promise = verifyReceipt(parseReceipt(textOf(receipt)), key.vkey)
      assert.equal(promise.record.iseq, i + 1)
      assert.deepEqual([promise.at, promise.by], [AT, AT + 60_000])
      assert.equal(promise.origin, 'audit.test/log')
    }
  }
})

test('INV-7 a receipt of which anything was changed is none', (t) => {
  const signer = logSigner()
  const key = openLogKey(temporaryHome(t), 'audit.test/log', signer)
  const [one] = signReceipts(records(5), { signer: key.own(), at: AT, mmdMs: 60_000 }).slice(3)
  const text = textOf(one!)
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.integer({ min: 32, max: 126 }), (at, code) => {
      const character = String.fromCharCode(code)
      fc.pre(text[at] !== character)
      const changed = text.slice(0, at) + character + text.slice(at + 1)
      assert.throws(() => verifyReceipt(parseReceipt(changed), key.vkey), { code: 'audit.receipt' })
    }),
    { numRuns: 500 },
  )
  const other = openLogKey(temporaryHome(t), 'audit.test/log', logSigner())
  assert.throws(() => verifyReceipt(one!, other.vkey), { code: 'audit.receipt' })
  const same = openLogKey(temporaryHome(t), 'other.test/log', signer)
  assert.throws(() => verifyReceipt(one!, same.vkey), { code: 'audit.receipt' })
  fc.assert(
    fc.property(fc.json(), (json) => {
      assert.throws(() => parseReceipt(json), { code: 'audit.receipt' })
    }),
  )
})

test('the newest batches are remembered, by leaf and by id, and signed when somebody asks', (t) => {
  const key = openLogKey(temporaryHome(t), 'audit.test/log', logSigner())
  const receipts = new Receipts({ signer: key.own(), mmdMs: 60_000 })
  const first = { ...records(1)[0]!, id: BOOT, leaf: base64url(new Uint8Array(32).fill(255)) }
  receipts.add([first], AT)
  assert.equal(receipts.of(first.leaf), receipts.of(BOOT))
  verifyReceipt(receipts.of(BOOT)!, key.vkey)
  const unique = (at: number): ReceiptRecord => {
    const leaf = new Uint8Array(32)
    new DataView(leaf.buffer).setUint32(0, at)
    return { ...first, id: `${at}`, leaf: base64url(leaf) }
  }
  for (let at = 0; at < 5_000; at++) receipts.add([unique(at)], AT)
  assert.equal(receipts.of(first.leaf), undefined)
  assert.notEqual(receipts.of(unique(4_999).leaf), undefined)
})

test('a promise that was kept, one that is not due, and one that was broken are told apart', async (t) => {
  const home = temporaryHome(t)
  const options = logOptions(home)
  const log = await openAuditLog(options)
  const { leaf } = await log.append(intent('call-1'))
  const receipt = log.receipt(leaf)!
  await log.close()
  const directory = join(home, 'log')
  const { vkey } = openLogKey(home, options.origin, options.signer)
  const judge = async (one: SignedReceipt, now: number) => {
    const check = new ReceiptCheck([one], vkey)
    return verifyLog({ directory, vkey, read: 'hashes', receipts: { check, now } })
  }
  const kept = await judge(receipt, Number.MAX_SAFE_INTEGER)
  assert.equal(kept.ok, true)
  assert.deepEqual(kept.receipts, [{ id: receipt.record.id, leaf, state: 'kept' }])
  const signer = openLogKey(home, options.origin, options.signer).own()
  const [never] = signReceipts(records(1), { signer, at: AT, mmdMs: 60_000 })
  assert.equal((await judge(never!, AT + 60_000)).receipts?.[0]?.state, 'pending')
  const broken = await judge(never!, AT + 60_001)
  assert.equal(broken.ok, false)
  assert.equal(broken.receipts?.[0]?.state, 'broken')
  assert.deepEqual(
    broken.findings.map(({ code }) => code),
    ['audit.verify_receipt'],
  )
})

test('INV-7 a record that is edited in the spool while nothing runs is found by its receipt', async (t) => {
  const [home, stolen] = [temporaryHome(t), temporaryHome(t)]
  const options = logOptions(home)
  const slow = { ...options.limits, checkpointMs: 1_000 }
  const log = await openAuditLog({ ...options, limits: slow })
  await log.flush()
  const { leaf } = await log.append(intent('call-to-hide'))
  const receipt = log.receipt(leaf)!
  // The power goes now: what the disk has is what the next start finds.
  cpSync(home, stolen, { recursive: true })
  await log.close()
  editSegment(join(stolen, 'spool', segmentName(1)), 'call-to-hide', 'call-of-mine')
  const clock = {
    now: () => options.clock.now() + 120_000,
    monotonic: () => options.clock.monotonic(),
  }
  const next = await openAuditLog({ ...options, home: stolen, clock })
  await next.close()
  const directory = join(stolen, 'log')
  const { vkey } = openLogKey(stolen, options.origin, options.signer)
  const without = await verifyLog({ directory, vkey })
  assert.equal(without.ok, true, 'without the receipt nobody sees it')
  const check = new ReceiptCheck([receipt], vkey)
  const report = await verifyLog({ directory, vkey, receipts: { check, now: 0 } })
  assert.deepEqual(
    report.findings.map(({ code, place }) => [code, place]),
    [['audit.verify_receipt', `record ${receipt.record.id}`]],
  )
})
