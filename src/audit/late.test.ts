// Holds the tests of a disk that answers too late: the caller was told no, and the log says that nothing ran.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'

import { systemClock } from '../std/clock.ts'
import { systemEntropy } from '../std/entropy.ts'
import { Envelope, readRecord } from './envelope.ts'
import { checksumFrames, decodeFrames } from './frame.ts'
import { LogFolder } from './log-folder.ts'
import { RecordQuota } from './quota.ts'
import { openLogKey } from './log-key.ts'
import { Receipts } from './receipts.ts'
import { Reserve } from './reserve.ts'
import { AuditLog } from './log.ts'
import { Spool } from './spool.ts'
import type { SpoolNews, SpoolOrder } from './spool-committer.ts'
import { intent, logSigner, temporaryHome } from './testbed.test.ts'

const BOOT = '01a204f2-383b-7306-a4c7-0552c2623573'
const POSITION = { segment: 1, offset: 4096 }

/** A log whose spool thread is this test. */
function slowLog(home: string): {
  log: AuditLog
  chunks: Buffer[]
  say: (news: SpoolNews) => void
} {
  const chunks: Buffer[] = []
  let hear: (news: SpoolNews) => void = () => undefined
  const thread = {
    post: (order: SpoolOrder) => {
      if (order.kind === 'chunk') chunks.push(Buffer.from(order.frames))
    },
    listen: (listener: (news: SpoolNews) => void) => void (hear = listener),
    ended: () => Promise.resolve(),
  }
  const sequencer = {
    head: { size: 0, shards: [], position: POSITION },
    published: 0,
    problem: undefined,
    noteDurable: () => undefined,
    onGrown: () => () => undefined,
    reach: () => Promise.resolve(),
    publishedTo: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
  const index = {
    find: () => undefined,
    byCall: () => [],
    shards: () => [],
    tail: () => [],
    close: () => undefined,
  }
  const log = new AuditLog({
    envelope: new Envelope('gw', BOOT, systemClock, systemEntropy),
    spool: new Spool(
      thread,
      systemClock,
      { waitMs: 5, patientMs: 5, queueBytes: 1 << 20 },
      POSITION,
    ),
    thread,
    sequencer,
    folder: new LogFolder(home),
    index,
    heartbeatMs: 60_000,
    reserve: new Reserve(),
    quota: new RecordQuota({ perSecond: 1_000, perDay: 1_000_000 }, systemClock),
    clock: systemClock,
    receipts: new Receipts({
      signer: openLogKey(home, 'audit.test/log', logSigner()).own(),
      mmdMs: 1_000,
    }),
  })
  return { log, chunks, say: (news) => hear(news) }
}

test('INV-1 an intent that is durable too late is answered not_executed', async (t) => {
  const { log, chunks, say } = slowLog(temporaryHome(t))
  await assert.rejects(log.append(intent('call-1')), { code: 'audit.unavailable' })
  while (chunks.length < 1) await turn()
  say({ kind: 'durable', chunks: 1, batch: { position: POSITION, digest: '' } })
  while (chunks.length < 2) await turn()
  const [late, answer] = chunks.map((chunk) => {
    checksumFrames(chunk)
    return readRecord(decodeFrames(chunk)?.[0] ?? new Uint8Array())
  })
  assert.equal(late?.type, 'call.intent')
  assert.equal(answer?.type, 'call.outcome')
  assert.equal(answer?.call, 'call-1')
  assert.deepEqual({ ...answer?.body }, { status: 'not_executed', cause: 'audit_wait' })
  assert.ok(answer?.ref !== undefined)
  say({ kind: 'durable', chunks: 1, batch: { position: POSITION, digest: '' } })
})

test('what is no intent needs no answer', async (t) => {
  const { log, chunks, say } = slowLog(temporaryHome(t))
  const draft = { type: 'lock.added', phase: 'admin', body: {} } as const
  await assert.rejects(log.append(draft), { code: 'audit.unavailable' })
  while (chunks.length < 1) await turn()
  say({ kind: 'durable', chunks: 1, batch: { position: POSITION, digest: '' } })
  for (let i = 0; i < 5; i++) await turn()
  assert.equal(chunks.length, 1)
})

test('a full disk behind the reserve shows before it matters, and only calls are refused', async (t) => {
  const { log, say, chunks } = slowLog(temporaryHome(t))
  const room = { left: 1, next: false, kept: true, free: 7 }
  say({ kind: 'room', room: { ...room, problem: 'ENOSPC' } })
  assert.equal(log.stats().reserveProblem, 'ENOSPC')
  // No call is taken on; what people do, and what a call that is out has come to, is.
  await assert.rejects(log.append(intent('a')), { code: 'audit.suspended' })
  void log.append({ type: 'lock.added', phase: 'admin', person: 'p', body: {} }).catch(() => 0)
  say({ kind: 'room', room })
  assert.deepEqual([log.stats().reserveProblem, log.stats().freeBytes], [undefined, 7])
  void log.append(intent('b')).catch(() => 0)
  const recorded = () =>
    chunks.flatMap((chunk) => {
      checksumFrames(chunk)
      return (decodeFrames(chunk) ?? []).map((frame) => readRecord(frame))
    })
  while (recorded().length < 4) await turn()
  const types = recorded()
  assert.deepEqual(
    types.map(({ type }) => type),
    ['audit.suspended', 'lock.added', 'audit.resumed', 'call.intent'],
  )
  assert.deepEqual({ ...(types[2]?.body['refused'] as object) }, { 'call.intent': 1 })
})
