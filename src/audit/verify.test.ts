// Holds the tests that one changed thing in a log's folder is found and named.

import assert from 'node:assert/strict'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { systemClock } from '../std/clock.ts'
import { systemEntropy } from '../std/entropy.ts'
import { utf8 } from '../std/bytes.ts'
import { formatCheckpoint } from '../tlog/checkpoint.ts'
import { Edge } from '../tlog/edge.ts'
import { decodeEntries, encodeEntries } from '../tlog/entries.ts'
import { leafHash } from '../tlog/hash.ts'
import { signNote } from '../tlog/note.ts'
import { Bundles } from './bundles.ts'
import { Envelope } from './envelope.ts'
import { LogFiles } from './log-files.ts'
import { openLogKey } from './log-key.ts'
import { intent, logSigner, temporaryHome } from './testbed.test.ts'
import { verifyLog } from './verify.ts'
import type { VerifyReport } from './verify-report.ts'

const BOOT = '01a204f2-383b-7306-a4c7-0552c2623573'
const SIZE = 600

/** A log of these entries, written as the sequencer writes, and its verifier key. */
function writeLog(home: string, entries: readonly Uint8Array[]): string {
  const key = openLogKey(home, 'audit.test/log', logSigner())
  const files = new LogFiles(join(home, 'log'))
  const edge = Edge.load(0, files.readHashes)
  const tiles = [...new Bundles(0, []).append(entries), ...edge.append(entries.map(leafHash)).tiles]
  for (const { ref, bytes } of tiles) files.writeTile(ref, bytes)
  const body = formatCheckpoint({ origin: 'audit.test/log', size: edge.size, root: edge.root() })
  files.publish(signNote(body, [key.shard('')]))
  return key.vkey
}

function sealed(count: number): Uint8Array[] {
  const envelope = new Envelope('gw', BOOT, systemClock, systemEntropy)
  return Array.from({ length: count }, (_, i) => utf8(envelope.seal(intent(`call-${i}`)).text))
}

/** A good log, and a way to look at copies of it that were tampered with. */
function bench(t: TestContext): {
  tamper: (change: (log: string) => void) => Promise<VerifyReport>
} {
  const home = temporaryHome(t)
  const vkey = writeLog(home, sealed(SIZE))
  return {
    async tamper(change) {
      const copy = temporaryHome(t)
      cpSync(join(home, 'log'), copy, { recursive: true })
      change(copy)
      return await verifyLog({ directory: copy, vkey })
    },
  }
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
}

function found(report: VerifyReport): string[] {
  assert.equal(report.ok, false)
  return report.findings.map(({ code, place }) => `${code} ${place}`)
}

test('a whole log verifies, and says that nobody witnessed it', async (t) => {
  const report = await bench(t).tamper(() => undefined)
  assert.deepEqual(report.findings, [])
  assert.equal(report.ok, true)
  assert.equal(report.witness, 'unwitnessed')
  assert.equal(report.size, SIZE)
  assert.equal(report.records, SIZE)
  const [boot] = report.boots
  assert.deepEqual(boot, {
    gateway: 'gw',
    boot: BOOT,
    records: SIZE,
    first: 1,
    iseq: SIZE,
    last: boot?.last,
    ended: 'open',
  })
})

test('logs of every shape verify', async (t) => {
  for (const size of [1, 255, 256, 257, 512]) {
    const home = temporaryHome(t)
    const vkey = writeLog(home, sealed(size))
    const report = await verifyLog({ directory: join(home, 'log'), vkey })
    assert.deepEqual([report.ok, report.records], [true, size])
  }
})

test('a flipped bit in an entry names the record', async (t) => {
  const { tamper } = bench(t)
  const report = await tamper((log) => flip(join(log, 'tile/entries/001'), 40))
  assert.ok(found(report).includes('audit.verify_leaf record 256'))
  assert.ok(!found(report).some((each) => each.includes('verify_root')))
})

test('a flipped bit in a tile names the tile, at every level', async (t) => {
  const { tamper } = bench(t)
  const low = await tamper((log) => flip(join(log, 'tile/0/000'), 32 * 5 + 3))
  assert.deepEqual(found(low), [
    'audit.verify_leaf record 5',
    'audit.verify_tile tile/1/000.p/2',
    'audit.verify_root checkpoint',
  ])
  const high = await tamper((log) => flip(join(log, 'tile/1/000.p/2'), 32))
  assert.deepEqual(found(high), ['audit.verify_tile tile/1/000.p/2'])
  assert.match(high.findings[0]?.detail ?? '', /hash 1/)
})

test('an entry and its hash changed together do not lead to the signed root', async (t) => {
  const { tamper } = bench(t)
  const report = await tamper((log) => {
    const bundle = join(log, 'tile/entries/002.p/88')
    const entries = decodeEntries(readFileSync(bundle))
    const text = Buffer.from(entries[3] ?? [])
      .toString()
      .replace('coder', 'other')
    entries[3] = utf8(text)
    writeFileSync(bundle, encodeEntries(entries))
    const tile = readFileSync(join(log, 'tile/0/002.p/88'))
    tile.set(leafHash(utf8(text)), 3 * 32)
    writeFileSync(join(log, 'tile/0/002.p/88'), tile)
  })
  assert.deepEqual(found(report), ['audit.verify_root checkpoint'])
})

test('a removed record names its bundle', async (t) => {
  const { tamper } = bench(t)
  const report = await tamper((log) => {
    const bundle = join(log, 'tile/entries/000')
    const entries = decodeEntries(readFileSync(bundle))
    writeFileSync(bundle, encodeEntries(entries.toSpliced(9, 1)))
  })
  assert.ok(found(report).includes('audit.verify_entries tile/entries/000'))
})

test('a reordered pair names both records', async (t) => {
  const { tamper } = bench(t)
  const report = await tamper((log) => {
    const bundle = join(log, 'tile/entries/000')
    const entries = decodeEntries(readFileSync(bundle))
    const [a, b] = entries.splice(7, 2)
    entries.splice(7, 0, b ?? new Uint8Array(), a ?? new Uint8Array())
    writeFileSync(bundle, encodeEntries(entries))
  })
  assert.ok(found(report).includes('audit.verify_leaf record 7'))
  assert.ok(found(report).includes('audit.verify_leaf record 8'))
})

test('a missing file is named', async (t) => {
  const { tamper } = bench(t)
  const bundle = await tamper((log) => rmSync(join(log, 'tile/entries/001')))
  assert.ok(found(bundle).includes('audit.verify_entries tile/entries/001'))
  const tile = await tamper((log) => rmSync(join(log, 'tile/0/001')))
  assert.deepEqual(found(tile), ['audit.verify_tile tile/0/001'])
  const both = await tamper((log) => {
    rmSync(join(log, 'tile/0/001'))
    rmSync(join(log, 'tile/entries/001'))
  })
  assert.ok(found(both).includes('audit.verify_root checkpoint'))
  const note = await tamper((log) => rmSync(join(log, 'checkpoint')))
  assert.deepEqual(found(note), ['audit.verify_note checkpoint'])
})

test('a changed checkpoint, and one by another key, are named', async (t) => {
  const { tamper } = bench(t)
  const changed = await tamper((log) => {
    const path = join(log, 'checkpoint')
    writeFileSync(path, readFileSync(path, 'utf8').replace('\n600\n', '\n599\n'))
  })
  assert.deepEqual(found(changed), ['audit.verify_note checkpoint'])
  const home = temporaryHome(t)
  writeLog(home, sealed(3))
  const stranger = openLogKey(temporaryHome(t), 'audit.test/log', logSigner()).vkey
  const foreign = await verifyLog({ directory: join(home, 'log'), vkey: stranger })
  assert.deepEqual(found(foreign), ['audit.verify_note checkpoint'])
})

test('a log that was signed without one of its records shows the gap', async (t) => {
  const home = temporaryHome(t)
  const vkey = writeLog(home, sealed(20).toSpliced(4, 2))
  const report = await verifyLog({ directory: join(home, 'log'), vkey })
  assert.deepEqual(found(report), ['audit.verify_gap record 4'])
  assert.match(report.findings[0]?.detail ?? '', /5 to 6 missing before number 7/)
})

test('a log that was signed with a record twice, or with what is no record, says so', async (t) => {
  const home = temporaryHome(t)
  const entries = sealed(3)
  const vkey = writeLog(home, [...entries, entries[1] ?? new Uint8Array(), utf8('{"v":1}')])
  const report = await verifyLog({ directory: join(home, 'log'), vkey })
  assert.deepEqual(found(report), ['audit.verify_order record 3', 'audit.verify_record record 4'])
})
