// Holds the tests of waiting for the disk: bounded, in order, and honest about what became durable too late.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'

import { base64url, utf8 } from '../std/bytes.ts'
import { systemClock } from '../std/clock.ts'
import { leafHash } from '../tlog/hash.ts'
import { checksumFrames, decodeFrames } from './frame.ts'
import { Spool, type SpoolLimits, type SpoolWaiter } from './spool.ts'

const START = { segment: 1, offset: 4096 }
const LIMITS: SpoolLimits = { waitMs: 60_000, patientMs: 60_000, queueBytes: 1 << 20 }

/** A spool whose disk is this test: it answers when it is told to. */
class SlowDisk {
  readonly chunks: Buffer[] = []
  readonly events: string[] = []
  readonly spool: Spool

  constructor(limits: SpoolLimits = LIMITS) {
    const post = (order: { kind: string; frames?: Uint8Array }): void => {
      if (order.frames !== undefined) this.chunks.push(Buffer.from(order.frames))
    }
    this.spool = new Spool({ post }, systemClock, limits, START)
  }

  append(text: string, awaited = true): string {
    const manner = { awaited, patient: false }
    return this.spool.append(text, Buffer.byteLength(text), this.waiter(text), manner)
  }

  waiter(name: string): SpoolWaiter {
    return {
      durable: () => this.events.push(`${name} durable`),
      failed: (error) => this.events.push(`${name} ${error.message}`),
      late: () => this.events.push(`${name} late`),
    }
  }

  answer(chunks: number): void {
    const batch = { position: { segment: 1, offset: 5000 }, digest: '' }
    this.spool.hear({ kind: 'durable', chunks, batch })
  }

  payloads(): string[] {
    for (const chunk of this.chunks) checksumFrames(chunk)
    return this.chunks.flatMap((chunk) => decodeFrames(chunk)?.map(String) ?? ['bad'])
  }
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await turn()
}

test('one turn of the loop goes out as one chunk, with the leaf hash of RFC 6962', async () => {
  const disk = new SlowDisk()
  const leaves = ['{"a":1}', '{"ü":2}'].map((text) => disk.append(text))
  assert.deepEqual(leaves, [
    base64url(leafHash(utf8('{"a":1}'))),
    base64url(leafHash(utf8('{"ü":2}'))),
  ])
  await turn()
  assert.equal(disk.chunks.length, 1)
  assert.deepEqual(disk.payloads(), ['{"a":1}', '{"ü":2}'])
  assert.deepEqual(disk.events, [])
  disk.answer(1)
  assert.deepEqual(disk.events, ['{"a":1} durable', '{"ü":2} durable'])
  assert.equal(disk.spool.position.offset, 5000)
  assert.equal(disk.spool.queued, 0)
})

test('a record too large for the rest of a chunk begins the next, in order', async () => {
  const disk = new SlowDisk()
  const texts = ['a'.repeat(40_000), 'b'.repeat(40_000), 'c', 'd'.repeat(65_535)]
  for (const text of texts) disk.append(text)
  await turn()
  assert.equal(disk.chunks.length, 3)
  assert.deepEqual(disk.payloads(), texts)
  disk.spool.hear({ kind: 'failed', reason: 'end of test' })
})

test('a wait is bounded and names the reason; durability afterwards is told as late', async () => {
  const disk = new SlowDisk({ ...LIMITS, waitMs: 5 })
  disk.append('one')
  await until(() => disk.events.length > 0)
  assert.match(disk.events[0] ?? '', /^one audit\.unavailable: .*did not answer within 5 ms/)
  disk.answer(1)
  assert.deepEqual(disk.events.slice(1), ['one late'])
})

test('a failure fails everybody who waits, and whoever comes', async () => {
  const disk = new SlowDisk()
  disk.append('one')
  await turn()
  disk.append('two')
  const drained = disk.spool.drained()
  disk.spool.hear({ kind: 'failed', reason: 'EIO' })
  await drained
  assert.equal(disk.events.length, 2)
  assert.ok(disk.events.every((event) => /audit\.unavailable: .*EIO/.test(event)))
  assert.throws(() => disk.spool.check(), { code: 'audit.unavailable' })
})

test('a full queue refuses instead of growing', () => {
  const disk = new SlowDisk({ ...LIMITS, queueBytes: 1000 })
  disk.spool.check()
  disk.append('x'.repeat(1000))
  assert.throws(() => disk.spool.check(), { code: 'audit.unavailable', message: /too many/ })
  // What people do has as much room again.
  disk.spool.check(true)
  disk.append('x'.repeat(1000))
  assert.throws(() => disk.spool.check(true), { code: 'audit.unavailable' })
  disk.spool.fail('end of test')
})

test('drained waits for what was appended before it, not for what comes after', async () => {
  const disk = new SlowDisk()
  disk.append('one')
  await turn()
  const drained = disk.spool.drained()
  disk.append('two')
  await turn()
  disk.answer(1)
  await drained
  assert.deepEqual(disk.events, ['one durable'])
  disk.answer(1)
})

test('a record that nobody waits for shares the chunk of the next, and does not wait for ever', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const disk = new SlowDisk()
  disk.append('{"a":1}', false)
  await turn()
  assert.equal(disk.chunks.length, 0)
  disk.append('{"b":2}')
  await turn()
  assert.equal(disk.chunks.length, 1)
  assert.deepEqual(disk.payloads(), ['{"a":1}', '{"b":2}'])
  disk.append('{"c":3}', false)
  assert.equal(disk.chunks.length, 1)
  t.mock.timers.tick(4)
  assert.equal(disk.chunks.length, 2)
  disk.append('{"d":4}', false)
  const drained = disk.spool.drained()
  assert.equal(disk.chunks.length, 3, 'who drains waits for it')
  disk.answer(3)
  await drained
  assert.deepEqual(
    disk.events,
    ['a":1', 'b":2', 'c":3', 'd":4'].map((text) => `{"${text}} durable`),
  )
})
