// Holds the attacks of somebody who has the disk on records that are acknowledged and not in the log yet: each is found and named, or only a receipt shows it.

import assert from 'node:assert/strict'
import {
  closeSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { readRecord, Envelope } from '../../src/audit/envelope.ts'
import { BATCH_HEAD, findMagic, FRAME_HEAD } from '../../src/audit/frame.ts'
import type { AuditLog } from '../../src/audit/log.ts'
import { openLogKey } from '../../src/audit/log-key.ts'
import { openAuditLog } from '../../src/audit/open.ts'
import type { AuditLogOptions } from '../../src/audit/options.ts'
import { signReceipts, type SignedReceipt } from '../../src/audit/receipt.ts'
import { systemDisk } from '../../src/audit/segment-file.ts'
import { segmentName } from '../../src/audit/segment.ts'
import { writePlaces } from '../../src/audit/spool-places.ts'
import { scanSpool } from '../../src/audit/spool-scan.ts'
import { SpoolWriter } from '../../src/audit/spool-writer.ts'
import { chunkOf, intent, logOptions, temporaryHome } from '../../src/audit/testbed.test.ts'
import { ReceiptCheck } from '../../src/audit/verify-receipts.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { base64url, utf8 } from '../../src/std/bytes.ts'
import { systemClock } from '../../src/std/clock.ts'
import { EntropyPool } from '../../src/std/entropy-pool.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { publicFault } from '../../src/std/fault.ts'
import { uuidv7 } from '../../src/std/id.ts'
import { leafHash } from '../../src/tlog/hash.ts'

/** The call that is to disappear: the first of the newest segment. */
const HIDDEN = 'call-to-hide'
const AT = Date.parse('2026-09-01T00:00:00Z')
/** Calls that are in the spool alone, two to a batch; a segment holds about three of these batches. */
const CALLS = 20
const FILL = 'x'.repeat(18_000)

/** A home whose process was killed: some records are in the log, and others, acknowledged, in three segments of the spool alone. */
interface Killed {
  readonly options: AuditLogOptions
  readonly spool: string
  /** Segments that nothing has sequenced, in order. */
  readonly segments: readonly string[]
  /** The receipt of the hidden call, which its agent keeps elsewhere. */
  readonly receipt: SignedReceipt
}

async function killed(t: TestContext): Promise<Killed> {
  const options = logOptions(temporaryHome(t))
  const log = await openAuditLog(options)
  await log.append(intent('before'))
  await log.close()
  const spool = join(options.home, 'spool')
  const [taken = ''] = readdirSync(spool).filter((name) => name.endsWith('.seg'))
  const previous = scanSpool(spool, { segment: Number.parseInt(taken, 10), offset: 4_096 }, 1).end!
  const first = previous.segment + 1
  const boot = uuidv7(systemClock, systemEntropy)
  const { gateway, signer } = options
  const sizes = { segmentBytes: 131_072, keptBytes: 131_072 }
  const writer = new SpoolWriter(
    { directory: spool, gateway, boot, key: signer.keyId, ...sizes, first, previous },
    systemDisk,
  )
  const envelope = new Envelope(gateway, boot, systemClock, new EntropyPool(systemEntropy))
  const seal = (call: string): Uint8Array => utf8(envelope.seal(intent(call, { fill: FILL })).text)
  let hidden: Uint8Array | undefined
  for (let i = 0; i < CALLS; i += 2) {
    const { segment } = writer.position
    const begins = segment === first + 2 && hidden === undefined
    const pair = [seal(begins ? HIDDEN : `call-${i}`), seal(`call-${i + 1}`)]
    if (begins) hidden = pair[0]
    writer.flush([chunkOf(pair)])
    if (hidden !== undefined) break
  }
  const segments = [0, 1, 2].map((i) => join(spool, segmentName(first + i)))
  writer.close()
  assert.ok(hidden !== undefined && writer.position.segment === first + 2)
  const { id, iseq, ts } = readRecord(hidden)
  const unsigned = { gateway, boot, iseq, id, ts, leaf: base64url(leafHash(hidden)) }
  const own = openLogKey(options.home, options.origin, signer).own()
  const [receipt] = signReceipts([unsigned], { signer: own, at: AT, mmdMs: 60_000 })
  return { options, spool, segments, receipt: receipt! }
}

/** What the next start says, and what a verification finds after it: with the receipt, and without. */
async function afterwards({
  options,
  receipt,
}: Killed): Promise<readonly [string, string[], string[]]> {
  let started = 'started'
  try {
    const log = await openAuditLog(options)
    await log.close()
  } catch (error) {
    const { code, detail } = publicFault(error)
    started = `${code} ${detail}`
  }
  const { vkey } = openLogKey(options.home, options.origin, options.signer)
  const look = async (receipts: readonly SignedReceipt[]): Promise<string[]> => {
    const check = { check: new ReceiptCheck([...receipts], vkey), now: systemClock.now() }
    const directory = join(options.home, 'log')
    const { findings } = await verifyLog({ directory, vkey, receipts: check })
    return findings.map(({ code }) => code)
  }
  return [started, await look([]), await look([receipt])]
}

/** Frames of the first batch of a segment change places, every checksum as it was. */
function swapFrames(path: string): void {
  const bytes = readFileSync(path)
  const start = findMagic(bytes, 0) + BATCH_HEAD
  const middle = start + FRAME_HEAD + bytes.readUInt32BE(start)
  const end = middle + FRAME_HEAD + bytes.readUInt32BE(middle)
  const swapped = Buffer.concat([bytes.subarray(middle, end), bytes.subarray(start, middle)])
  const fd = openSync(path, 'r+')
  writeSync(fd, swapped, 0, swapped.length, start)
  closeSync(fd)
}

test('nobody attacks: everything that was acknowledged is in the log, and the receipt is kept', async (t) => {
  assert.deepEqual(await afterwards(await killed(t)), ['started', [], []])
})

test('INV-7 a segment is deleted, truncated or a link before it was sequenced: the start names it, and passes nothing over', async (t) => {
  for (const [what, attack] of [
    ['the segment is missing', ([, middle = '']) => rmSync(middle)],
    ['an acknowledged batch is damaged', ([, middle = '']) => truncateSync(middle, 40_000)],
    ['an acknowledged batch is damaged', ([, middle = '']) => truncateSync(middle, 4_096)],
    ['the header is damaged', ([, middle = '']) => truncateSync(middle, 0)],
    [
      'the segment cannot be opened',
      ([, middle = '']) => {
        renameSync(middle, `${middle}.moved`)
        symlinkSync(`${middle}.moved`, middle)
      },
    ],
  ] as const satisfies readonly (readonly [string, (segments: readonly string[]) => void])[]) {
    const home = await killed(t)
    attack(home.segments)
    const [started] = await afterwards(home)
    assert.match(started, /^audit\.corrupt /)
    assert.ok(started.includes(what), started)
    assert.ok(
      started.includes(segmentName(Number.parseInt(home.segments[1]!.slice(-14), 10))),
      started,
    )
  }
})

test('INV-7 the end of the spool is deleted or cut before it was sequenced: nothing on this machine knows, and the receipt does', async (t) => {
  for (const attack of [
    ([, , newest = '']: readonly string[]) => rmSync(newest),
    ([, , newest = '']: readonly string[]) => truncateSync(newest, 5_000),
    (all: readonly string[]) => all.forEach((each) => rmSync(each)),
  ]) {
    const home = await killed(t)
    attack(home.segments)
    assert.deepEqual(await afterwards(home), ['started', [], ['audit.verify_receipt']])
  }
})

test('INV-7 records of a segment change places before they were sequenced: their numbers say so', async (t) => {
  const home = await killed(t)
  swapFrames(home.segments[0]!)
  const [started, without] = await afterwards(home)
  assert.equal(started, 'started')
  assert.ok(without.includes('audit.verify_order'), without.join())
})

test('INV-7 a segment of another home is put in the place of one: the chain of the segments names it', async (t) => {
  const [home, other] = [await killed(t), await killed(t)]
  copyFileSync(other.segments[1]!, home.segments[1]!)
  const [started] = await afterwards(home)
  assert.match(started, /^audit\.corrupt /)
})

/** A log that runs, with a record in it; its sequencer takes its time. */
async function running(t: TestContext): Promise<{ log: AuditLog; spool: string }> {
  const options = logOptions(temporaryHome(t))
  const log = await openAuditLog(options)
  await log.append(intent('before'))
  await log.flush()
  return { log, spool: join(options.home, 'spool') }
}

test('INV-1 the file, or the folder that it is in, is replaced while the process runs: nothing is acknowledged any more, and it says why', async (t) => {
  for (const replace of [
    (spool: string) => {
      const path = join(spool, segmentName(1))
      copyFileSync(path, `${path}.new`)
      renameSync(`${path}.new`, path)
    },
    (spool: string) => {
      renameSync(spool, `${spool}.kept`)
      cpSync(`${spool}.kept`, `${spool}.mine`, { recursive: true })
      symlinkSync(`${spool}.mine`, spool)
    },
    (spool: string) => truncateSync(join(spool, segmentName(1)), 60_000),
  ]) {
    const { log, spool } = await running(t)
    replace(spool)
    await assert.rejects(log.append(intent(HIDDEN)), { code: 'audit.unavailable' })
    await assert.rejects(log.append(intent('another')), { code: 'audit.unavailable' })
    assert.match(log.stats().failure ?? '', /the spool file was (?:replaced|removed|cut)/)
    await log.close().catch(() => undefined)
  }
})

/** As `killed`, with one of the segments where a break-glass has sent it. */
async function elsewhere(
  t: TestContext,
  which: number,
): Promise<{ home: Killed; folder: string; path: string }> {
  const home = await killed(t)
  const [to, id] = [temporaryHome(t), uuidv7(systemClock, systemEntropy)]
  const folder = join(to, `bailiwick-spool-${id}`)
  const asked = {
    id,
    to,
    folder,
    at: AT,
    until: AT + 1_000,
    reason: 'the disk is full',
    by: 'root',
  }
  mkdirSync(folder)
  const path = join(folder, basename(home.segments[which]!))
  renameSync(home.segments[which]!, path)
  writePlaces(home.spool, [{ ...asked, begun: true, ended: false }])
  return { home, folder, path }
}

test('INV-7 a break-glass is a cover for deleting what went elsewhere: the start names what is gone, and its end a receipt', async (t) => {
  assert.deepEqual(await afterwards((await elsewhere(t, 2)).home), ['started', [], []])
  const gone = await elsewhere(t, 2)
  rmSync(gone.folder, { recursive: true })
  const [started] = await afterwards(gone.home)
  assert.match(started, /^audit\.corrupt .* holds records of a break-glass and cannot be read$/)
  const middle = await elsewhere(t, 1)
  rmSync(middle.path)
  assert.match((await afterwards(middle.home))[0], /^audit\.corrupt .*the segment is missing$/)
  const forgotten = await elsewhere(t, 1)
  rmSync(join(forgotten.home.spool, 'elsewhere.json'))
  assert.match((await afterwards(forgotten.home))[0], /^audit\.corrupt .*the segment is missing$/)
  const end = await elsewhere(t, 2)
  rmSync(end.path)
  assert.deepEqual(await afterwards(end.home), ['started', [], ['audit.verify_receipt']])
})

test('INV-7 two processes of one name are set on one home past its lock: the one that is behind says so and stops, and every record that is in the log is there once', async (t) => {
  const options = logOptions(temporaryHome(t))
  const first = await openAuditLog(options)
  await first.append(intent('one'))
  await first.flush()
  const second = await openAuditLog(options)
  await second.append(intent('two'))
  await second.flush()
  await assert.rejects(async () => {
    await first.append(intent('three'))
    await first.flush()
  })
  assert.notEqual(first.stats().failure, undefined)
  await assert.rejects(first.append(intent('four')), (error) =>
    publicFault(error).code.startsWith('audit.'),
  )
  await first.close().catch(() => undefined)
  await second.append(intent('five'))
  await second.close()
  const { ok, boots } = await verifyLog({
    directory: join(options.home, 'log'),
    vkey: openLogKey(options.home, options.origin, options.signer).vkey,
  })
  assert.deepEqual([ok, boots.map(({ ended }) => ended)], [true, ['unstopped', 'stopped']])
})
