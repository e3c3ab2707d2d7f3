// Holds the proof that a tool which is not ours confirms the whole record, and finds any one byte of it changed.

import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { verifyLog } from '../../src/audit/verify.ts'
import { openAuditLog } from '../../src/audit/open.ts'
import { proveRecord } from '../../src/audit/log-reader.ts'
import { LogFollower } from '../../src/audit/log-follow.ts'
import { LogFolder } from '../../src/audit/log-folder.ts'
import { decodeEntries, encodeEntries } from '../../src/tlog/entries.ts'
import { intent, logOptions, logSigner, temporaryHome } from '../../src/audit/testbed.test.ts'
import { sealedEntries, writeLog } from '../fakes/written-log.ts'
import type { VerifyReport } from '../../src/audit/verify-report.ts'
import { HttpSource } from '../../src/audit/verify-http.ts'
import { openWitnessKey } from '../../src/audit/witness/witness-key.ts'
import { Witness } from '../../src/audit/witness/witness.ts'
import { systemClock } from '../../src/std/clock.ts'
import { consistencyProof } from '../../src/tlog/tree.ts'
import { GoVerifier, type GoReport } from './go-verifier.ts'

const go = new GoVerifier()
after(() => go[Symbol.dispose]())

/** Both verifiers on one folder. */
async function both(log: string, vkey: string): Promise<readonly [go: GoReport, ours: string[]]> {
  const report = await verifyLog({ directory: log, vkey: readFileSync(vkey, 'utf8') })
  return [go.run('-vkey', vkey, log), report.findings.map(({ code, place }) => `${code} ${place}`)]
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
}

/** Serves a log's folder as C2SP tlog-tiles says, as far as `shown` lets; ends with the test. */
async function serveFolder(
  t: { after(fn: () => void): void },
  log: string,
  vkey: string,
  shown: (path: string) => boolean,
): Promise<string> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://log').pathname
    if (!shown(path)) return void response.writeHead(403).end()
    try {
      response.end(readFileSync(path === '/log.vkey' ? vkey : join(log, path)))
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Every file below a folder, by its path within it. */
function filesOf(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true })
  return all.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name))
}

for (const size of [1, 255, 256, 257, 65_537]) {
  test(`Go confirms a log of ${size}, and comes to our root`, async (t) => {
    const { log, vkey } = writeLog(temporaryHome(t), sealedEntries(size))
    const report = go.run('-vkey', vkey, log)
    assert.deepEqual(report.problems, [])
    assert.equal(report.records, size)
    const ours = await verifyLog({ directory: log, vkey: readFileSync(vkey, 'utf8') })
    assert.equal(ours.ok, true)
    assert.deepEqual(
      report.shards.map(({ origin, root }) => [origin, report.records, root]),
      ours.shards.map(({ origin, root }) => [origin, ours.records, root]),
    )
    const hashes = go.run('-vkey', vkey, '-hashes', log)
    assert.deepEqual([hashes.ok, hashes.records, hashes.shards], [true, 0, report.shards])
  })
}

test('Go confirms the log that a home has written, and the proof of each of its records', async (t) => {
  const home = temporaryHome(t)
  const log = await openAuditLog(logOptions(home))
  for (let i = 0; i < 3; i++) await log.append(intent(`call-${i}`))
  const early = await log.flush()
  const kept = join(home, 'kept')
  writeFileSync(kept, log.checkpoint())
  await Promise.all(Array.from({ length: 300 }, (_, i) => log.append(intent(`later-${i}`))))
  await log.close()
  const vkey = join(home, 'log.vkey')
  const report = go.run('-vkey', vkey, '-old', kept, join(home, 'log'))
  assert.deepEqual([report.problems, report.consistent], [[], true])
  assert.ok(early.size < report.records)

  const follower = new LogFollower(home)
  t.after(() => follower.close())
  const folder = new LogFolder(join(home, 'log'))
  for (const { index, entry } of follower.entries(0, 400).filter(({ index }) => index % 40 === 0)) {
    const proof = join(home, 'a.tlog-proof')
    const record = join(home, 'a.json')
    writeFileSync(proof, proveRecord(folder, follower.shards(), index))
    writeFileSync(record, entry)
    const proven = go.run('-vkey', vkey, '-proof', proof, '-record', record)
    assert.deepEqual([proven.ok, proven.index], [true, index])
    writeFileSync(record, Buffer.from(entry).toString().replace('gw-test', 'gw-tess'))
    assert.equal(go.run('-vkey', vkey, '-proof', proof, '-record', record).ok, false)
  }
})

test('one byte changed anywhere is found, by Go and by us', async (t) => {
  const written = writeLog(temporaryHome(t), sealedEntries(2))
  written.append(sealedEntries(1, '01a204f2-383b-7306-a4c7-0552c2623574'))
  const { log, vkey } = written
  assert.deepEqual(
    (await both(log, vkey)).map((each) => ('ok' in each ? each.ok : each.length)),
    [true, 0],
  )
  let flipped = 0
  for (const path of filesOf(log)) {
    const bytes = readFileSync(path)
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      writeFileSync(path, changed)
      const { ok } = await verifyLog({ directory: log, vkey: readFileSync(vkey, 'utf8') })
      assert.equal(ok, false, `ours: byte ${at} of ${path}`)
      // A process per byte is dear: Go sees each place of a file's structure, and every seventh byte between.
      if (at % 7 === 0 || at < 40)
        assert.equal(go.run('-vkey', vkey, log).ok, false, `Go: byte ${at} of ${path}`)
      flipped++
    }
    writeFileSync(path, bytes)
  }
  assert.ok(flipped > 1_000, `${flipped} bytes were flipped`)
})

/** A copy of a good log that was tampered with, and the log. */
function tampered(
  t: { after(fn: () => void): void },
  change: (shard: string) => void,
): { readonly log: string; readonly vkey: string; readonly kept: string } {
  const { home, log, vkey, shard, checkpoint } = writeLog(temporaryHome(t), sealedEntries(300))
  const kept = join(home, 'kept')
  writeFileSync(kept, checkpoint())
  change(shard)
  return { log, vkey, kept }
}

const BUNDLE = 'tile/entries/000'

test('a record that was removed, and a pair that changed places, are found and named by both', async (t) => {
  const removed = tampered(t, (shard) => {
    const entries = decodeEntries(readFileSync(join(shard, BUNDLE)))
    writeFileSync(join(shard, BUNDLE), encodeEntries(entries.toSpliced(9, 1)))
  })
  const [goRemoved, oursRemoved] = await both(removed.log, removed.vkey)
  assert.ok(goRemoved.problems.some(({ place }) => place === `2026h2/${BUNDLE}`))
  assert.ok(oursRemoved.includes(`audit.verify_entries 2026h2/${BUNDLE}`))

  const reordered = tampered(t, (shard) => {
    const entries = decodeEntries(readFileSync(join(shard, BUNDLE)))
    const [a, b] = entries.slice(7, 9)
    writeFileSync(join(shard, BUNDLE), encodeEntries(entries.toSpliced(7, 2, b!, a!)))
  })
  const [goOrder, oursOrder] = await both(reordered.log, reordered.vkey)
  for (const index of [7, 8]) {
    assert.ok(goOrder.problems.some(({ place }) => place === `2026h2/record ${index}`))
    assert.ok(oursOrder.includes(`audit.verify_leaf record ${index}`))
  }
})

test('another history under the same key, and an old backup, are found by whoever kept a checkpoint', async (t) => {
  const signer = logSigner()
  const entries = sealedEntries(300)
  const old = writeLog(temporaryHome(t), entries.slice(0, 200), { signer })
  const backup = temporaryHome(t)
  cpSync(old.log, backup, { recursive: true })
  old.append(entries.slice(200))
  const kept = join(old.home, 'kept')
  writeFileSync(kept, old.checkpoint())
  const forked = writeLog(temporaryHome(t), entries.toSpliced(100, 1), { signer })
  forked.append(sealedEntries(5, '01a204f2-383b-7306-a4c7-0552c2623575'))

  const ours = async (log: string): Promise<string[]> => {
    const vkey = readFileSync(old.vkey, 'utf8')
    const report = await verifyLog({ directory: log, vkey, pins: [old.checkpoint()] })
    return report.findings.map(({ code, place }) => `${code} ${place}`)
  }
  const restored = go.run('-vkey', old.vkey, '-old', kept, backup)
  assert.deepEqual([restored.consistent, restored.problems.length], [false, 1])
  assert.match(restored.problems[0]?.what ?? '', /rolled back: it has 200 records, 300 were seen/)
  assert.deepEqual(await ours(backup), ['audit.verify_rolled_back 2026h2/checkpoint'])

  const other = go.run('-vkey', old.vkey, '-old', kept, forked.log)
  assert.equal(other.consistent, false)
  assert.ok(other.problems.some(({ what }) => what.startsWith('forked')))
  assert.deepEqual(await ours(forked.log), [
    'audit.verify_gap record 100',
    'audit.verify_forked 2026h2/checkpoint',
  ])
  assert.deepEqual(await ours(old.log), [])
})

test('both verify a log behind an address, and its hashes alone where entries are not shown', async (t) => {
  const { home, log, vkey, shard, append, checkpoint } = writeLog(
    temporaryHome(t),
    sealedEntries(300),
  )
  const kept = join(home, 'kept')
  writeFileSync(kept, checkpoint())
  append(sealedEntries(400, '01a204f2-383b-7306-a4c7-0552c2623576'))
  const open = await serveFolder(t, log, vkey, () => true)
  const closed = await serveFolder(t, log, vkey, (path) => !path.includes('/entries/'))
  const text = readFileSync(vkey, 'utf8')
  const afar = async (address: string, read: 'records' | 'hashes'): Promise<VerifyReport> => {
    const source = new HttpSource({ address })
    const report = await verifyLog({ source, vkey: text, read, pins: [readFileSync(kept, 'utf8')] })
    await source.close()
    return report
  }
  assert.deepEqual((await afar(open, 'records')).findings, [])
  assert.equal((await afar(open, 'records')).records, 700)
  assert.deepEqual((await afar(closed, 'hashes')).findings, [])
  assert.ok(!(await afar(closed, 'records')).ok)
  const goOpen = await go.runAway('-vkey', vkey, '-old', kept, open)
  assert.deepEqual([goOpen.problems, goOpen.records, goOpen.consistent], [[], 700, true])
  const goClosed = await go.runAway('-vkey', vkey, '-old', kept, '-hashes', closed)
  assert.deepEqual([goClosed.problems, goClosed.records, goClosed.consistent], [[], 0, true])
  flip(join(shard, 'tile/0/001'), 50)
  assert.ok(!(await afar(closed, 'hashes')).ok)
  assert.ok(!(await go.runAway('-vkey', vkey, '-hashes', closed)).ok)
})

test('C2SP tlog-cosignature §Format: Go verifies what a witness of ours has signed, with its time, and nothing that was changed in it', async (t) => {
  const logKey = logSigner()
  const written = writeLog(temporaryHome(t), sealedEntries(300), { signer: logKey })
  const directory = join(temporaryHome(t), 'w')
  const { signer, vkey } = openWitnessKey(directory, 'witness.test/w1', systemClock)
  const logs = readFileSync(written.vkey, 'utf8')
  const witness = new Witness({ directory, logs, signer, vkey })
  const files = new LogFolder(written.log).shard('2026h2')
  const keys = join(written.home, 'witness.vkey')
  writeFileSync(keys, `${vkey}\n`)
  const look = (): GoReport => go.run('-vkey', written.vkey, '-witness', keys, written.log)
  assert.deepEqual(look().shards[0]?.witnesses, [])
  const proof = consistencyProof(0, 300, files.readHashes)
  const line = witness.add({ old: 0, proof, checkpoint: written.checkpoint() })
  const cosigned = written.checkpoint() + line
  files.publishWitnessed(cosigned)
  written.append(sealedEntries(10, '01a204f2-383b-7306-a4c7-0552c2623577'))
  const seen = look()
  assert.deepEqual([seen.problems, seen.shards[0]?.witnesses], [[], ['witness.test/w1']])
  assert.deepEqual([seen.shards[0]?.witnessed, seen.shards[0]?.size], [300, 310])
  // Four bytes of key id, eight of time, and the signature: each counts.
  const [name, base64 = ''] = line.slice(2).trim().split(' ')
  for (const at of [4, 11, 12, 75]) {
    const bytes = Buffer.from(base64, 'base64')
    assert.equal(bytes.length, 76)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    const changed = `${line.slice(0, 2)}${name} ${bytes.toString('base64')}\n`
    files.publishWitnessed(cosigned.replace(line, changed))
    const { ok, problems } = look()
    assert.equal(ok, false, `byte ${at}`)
    assert.equal(problems[0]?.place, '2026h2/checkpoint.witnessed')
  }
  // What a witness saw of another history of this log is none of this one.
  const forked = writeLog(temporaryHome(t), sealedEntries(20), { signer: logKey })
  files.publishWitnessed(forked.checkpoint())
  assert.match(look().problems[0]?.what ?? '', /^forked/)
})
