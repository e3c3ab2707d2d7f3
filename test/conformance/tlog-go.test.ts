// Holds the proof that a tool which is not ours confirms the whole record, and finds any one byte of it changed.

import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { spawn } from 'node:child_process'
import { verifyLog } from '../../src/audit/verify.ts'
import { openAuditLog } from '../../src/audit/open.ts'
import { proveRecord } from '../../src/audit/log-reader.ts'
import { LogFollower } from '../../src/audit/log-follow.ts'
import { LogFolder } from '../../src/audit/log-folder.ts'
import { decodeEntries, encodeEntries } from '../../src/tlog/entries.ts'
import { intent, logOptions, logSigner, temporaryHome } from '../../src/audit/testbed.test.ts'
import { sealedEntries, writeLog } from '../fakes/written-log.ts'
import { GoVerifier, type GoReport } from './go-verifier.ts'

const go = new GoVerifier()
after(() => go[Symbol.dispose]())

/** Both verifiers on one folder. */
async function both(log: string, vkey: string): Promise<readonly [go: GoReport, ours: string[]]> {
  const report = await verifyLog({ directory: log, vkey: readFileSync(vkey, 'utf8') })
  return [go.run('-vkey', vkey, log), report.findings.map(({ code, place }) => `${code} ${place}`)]
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
