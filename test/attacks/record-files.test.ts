// Holds the attacks on the files beside the log: the search index, the verifier keys, what was pinned, and a shard of another time. Each names the check that finds it.

import assert from 'node:assert/strict'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { LogFolder } from '../../src/audit/log-folder.ts'
import { openAuditLog } from '../../src/audit/open.ts'
import { RUN } from '../../src/audit/search/run-bits.ts'
import { soughtTerm } from '../../src/audit/search/run-lists.ts'
import { SearchIndex } from '../../src/audit/search/search-index.ts'
import { SearchCheck } from '../../src/audit/search/search-check.ts'
import { intent, logOptions, logSigner, temporaryHome } from '../../src/audit/testbed.test.ts'
import { IndexCheck } from '../../src/audit/verify-index.ts'
import { Findings, type VerifyReport } from '../../src/audit/verify-report.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { witnessCheck } from '../../src/server/verify-witness.ts'
import { publicFault } from '../../src/std/fault.ts'
import { until } from '../e2e/until.ts'
import { sealedEntries, writeLog } from '../fakes/written-log.ts'

const found = ({ findings }: VerifyReport): string[] =>
  findings.map(({ code, place }) => `${code} ${place}`)

/** Entries of one whole run of the search index and some of the next, read as a log is. */
const ENTRIES = sealedEntries(RUN + 100)
const LOG: ConstructorParameters<typeof SearchIndex>[1] = {
  entries: (from, limit) =>
    ENTRIES.slice(from, from + limit).map((entry, i) => ({ index: from + i, entry })),
  at: (indices) => indices.map((index) => ({ index, entry: ENTRIES[index]! })),
  dropped: () => [],
}
/** The call that is to be hidden from searches, and its index. */
const INDEX = 4_620
const HIDDEN = `call-${INDEX}`

/** A search index of these entries, on disk as far as it is written. */
function searched(t: TestContext): string {
  const path = join(temporaryHome(t), 'search.sqlite')
  const index = new SearchIndex(path, LOG)
  while (index.advance(4_096));
  index.close()
  return path
}

/** What the check finds in the index at `path`. */
function checked(path: string): string[] {
  const findings = new Findings()
  const check = SearchCheck.open(path)
  for (let at = 0; at < ENTRIES.length; at += 256) {
    check?.bundle(at, ENTRIES.slice(at, at + 256), findings)
  }
  check?.finish(findings)
  check?.close()
  return findings.list.map(({ code, place, detail }) => `${code} ${place} ${detail}`)
}

/** Edits the index as somebody with the disk does. */
function edited(t: TestContext, edit: (database: DatabaseSync) => void): string {
  const path = searched(t)
  const database = new DatabaseSync(path)
  edit(database)
  database.close()
  return path
}

test('INV-7 a record is taken out of the search index: the verification of the home names it, and by what it is not found', (t) => {
  assert.deepEqual(checked(searched(t)), [])
  const call = soughtTerm(['call', HIDDEN]).keyIn(0)
  const agent = soughtTerm(['agent', 'coder']).keyIn(0)
  const place = `audit.verify_index record ${INDEX}`
  const removed = edited(t, (database) =>
    database.prepare('DELETE FROM lists WHERE term = ?').run(call),
  )
  assert.deepEqual(checked(removed), [`${place} search.sqlite does not find it by: call`])
  // One bit of the list of a term that many records have.
  const cleared = edited(t, (database) => {
    const row = database.prepare('SELECT places FROM lists WHERE term = ? AND run = 0').get(agent)
    const bits = Uint8Array.from(row!['places'] as Uint8Array)
    bits[INDEX >> 3] = (bits[INDEX >> 3] ?? 0) & ~(1 << (INDEX & 7))
    database.prepare('UPDATE lists SET places = ? WHERE term = ? AND run = 0').run(bits, agent)
  })
  assert.deepEqual(checked(cleared), [`${place} search.sqlite does not find it by: agent`])
  // A time that it was not in: 256 records are passed over with it.
  const moved = edited(t, (database) => {
    const row = database.prepare('SELECT times FROM spans WHERE run = 0').get()
    const times = Buffer.from(row!['times'] as Uint8Array)
    const at = Math.floor(INDEX / 256) * 16
    times.writeDoubleLE(1, at)
    times.writeDoubleLE(2, at + 8)
    database.prepare('UPDATE spans SET times = ? WHERE run = 0').run(times)
  })
  const hidden = checked(moved)
  assert.ok(hidden.includes(`${place} search.sqlite does not find it by: time`), hidden[0])
  // More than the log says hides nothing, and what is no index any more shows nothing.
  const more = edited(t, (database) =>
    database.prepare('INSERT INTO lists VALUES (?, 7, ?)').run(call, Uint8Array.of(1, 0)),
  )
  assert.deepEqual(checked(more), [])
  writeFileSync(more, 'no database')
  assert.deepEqual(checked(more), [])
})

test('INV-7 the verification of a home looks into its search index as well, and a new one is as good as the first', async (t) => {
  const home = temporaryHome(t)
  const log = await openAuditLog({ ...logOptions(home), limits: { segmentBytes: 4 << 20 } })
  for (let i = 0; i < RUN; i += 512) {
    await Promise.all(Array.from({ length: 512 }, (_, n) => log.append(intent(`call-${i + n}`))))
  }
  await log.close()
  const path = join(home, 'search.sqlite')
  const { LogFollower } = await import('../../src/audit/log-follow.ts')
  const fill = (): void => {
    const follower = new LogFollower(home)
    const index = new SearchIndex(path, follower)
    while (index.advance(4_096));
    index.close()
    follower.close()
  }
  const verify = async (): Promise<string[]> => {
    const check = IndexCheck.open(join(home, 'log-state.sqlite'))!
    const directory = join(home, 'log')
    const vkey = readFileSync(join(home, 'log.vkey'), 'utf8')
    return found(await verifyLog({ directory, vkey, index: { check, log: directory } })).concat(
      (check.close(), []),
    )
  }
  fill()
  assert.deepEqual(await verify(), [])
  const database = new DatabaseSync(path)
  database
    .prepare('DELETE FROM lists WHERE term = ?')
    .run(soughtTerm(['call', 'call-100']).keyIn(0))
  database.close()
  const [hidden, ...more] = await verify()
  assert.match(hidden ?? '', /^audit\.verify_index record \d+$/)
  assert.deepEqual(more, [])
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
  fill()
  assert.deepEqual(await verify(), [])
})

test('INV-7 an old copy of one shard is put back while the one after it goes on: the next names its end, and it is shorter', async (t) => {
  const home = temporaryHome(t)
  const signer = logSigner()
  let now = Date.parse('2026-06-30T23:59:00Z')
  const clock = { now: () => now, monotonic: () => now }
  const options = { ...logOptions(home, signer), clock }
  const first = await openAuditLog(options)
  await first.append(intent('a'))
  await first.flush()
  const copy = temporaryHome(t)
  cpSync(join(home, 'log', '2026h1'), copy, { recursive: true })
  await first.append(intent('b'))
  await first.flush()
  now = Date.parse('2026-07-01T00:01:00Z')
  await first.append(intent('c'))
  await first.flush()
  await until('the end of the first is on record', async () => {
    return (await first.tail({ limit: 1, type: 'log.shard_closed' })).length === 1
  })
  await first.flush()
  await first.close()
  const verify = async (index: boolean): Promise<string[]> => {
    const directory = join(home, 'log')
    const check = index ? IndexCheck.open(join(home, 'log-state.sqlite')) : undefined
    try {
      const vkey = readFileSync(join(home, 'log.vkey'), 'utf8')
      return found(
        await verifyLog({
          directory,
          vkey,
          ...(check !== undefined && { index: { check, log: directory } }),
        }),
      )
    } finally {
      check?.close()
    }
  }
  assert.deepEqual(await verify(true), [])
  rmSync(join(home, 'log', '2026h1'), { recursive: true })
  cpSync(copy, join(home, 'log', '2026h1'), { recursive: true })
  // A stranger with the folder alone sees it too: the shard that followed says where this one ended.
  const codes = await verify(false)
  assert.ok(codes.includes('audit.verify_shard 2026h1/checkpoint'), codes.join())
  await assert.rejects(openAuditLog(options), (error) =>
    publicFault(error).code.startsWith('audit.'),
  )
})

test('INV-7 log.vkey and the kept checkpoint are rewritten together with the log: who has the key from elsewhere sees another log', async (t) => {
  const mine = writeLog(temporaryHome(t), sealedEntries(10))
  const forged = writeLog(temporaryHome(t), sealedEntries(9))
  const pins = [forged.checkpoint()]
  const with_ = (vkey: string): Promise<VerifyReport> =>
    verifyLog({ directory: forged.log, vkey: readFileSync(vkey, 'utf8'), pins })
  // On that machine everything agrees: this is why the key is to be taken from somewhere else.
  assert.deepEqual(found(await with_(forged.vkey)), [])
  const codes = found(await with_(mine.vkey))
  assert.ok(
    codes.some((each) => each.startsWith('audit.verify_note')),
    codes.join(),
  )
  assert.ok(
    codes.some((each) => each.startsWith('audit.verify_key')),
    codes.join(),
  )
})

test('INV-7 a line is put before the first of log.vkey, so that another key vouches for shards to come: the start refuses it', async (t) => {
  const home = temporaryHome(t)
  const options = logOptions(home)
  const log = await openAuditLog(options)
  await log.append(intent('a'))
  await log.close()
  const path = join(home, 'log.vkey')
  const other = writeLog(temporaryHome(t), sealedEntries(1))
  writeFileSync(
    path,
    `${readFileSync(other.vkey, 'utf8').split('\n')[0]}\n${readFileSync(path, 'utf8')}`,
  )
  await assert.rejects(openAuditLog(options), { code: 'audit.key' })
})

test('INV-7 what was witnessed is exchanged for the note of another log, or for one that nobody can read: the log does not continue it', async (t) => {
  const written = writeLog(temporaryHome(t), sealedEntries(10))
  const other = writeLog(temporaryHome(t), sealedEntries(12))
  const files = new LogFolder(written.log).shard('2026h2')
  const look = async (note: string): Promise<string[]> => {
    files.publishWitnessed(note)
    const vkey = readFileSync(written.vkey, 'utf8')
    return found(await verifyLog({ directory: written.log, vkey }))
  }
  assert.deepEqual(await look(written.checkpoint()), [])
  for (const note of [other.checkpoint(), 'nothing']) {
    const codes = await look(note)
    assert.ok(codes.length > 0 && codes.every((each) => each.startsWith('audit.verify_')), note)
  }
})

test('tlog-policy §What is a "policy"?: a checkpoint of a log that the policy does not name is not valid by it, whoever cosigned', async (t) => {
  const written = writeLog(temporaryHome(t), sealedEntries(10))
  const other = writeLog(temporaryHome(t), sealedEntries(10))
  const look = (logs: string): Promise<VerifyReport> =>
    verifyLog({
      directory: written.log,
      vkey: readFileSync(written.vkey, 'utf8'),
      witnesses: witnessCheck(`log ${logs}\nquorum none\n`),
    })
  const [own = ''] = readFileSync(written.vkey, 'utf8').split('\n')
  const [foreign = ''] = readFileSync(other.vkey, 'utf8').split('\n')
  assert.deepEqual(found(await look(own)), [])
  const { findings } = await look(foreign)
  assert.deepEqual(
    findings.map(({ code }) => code),
    ['audit.verify_witness'],
  )
  assert.match(findings[0]?.detail ?? '', /none of the logs that the policy names/)
})
