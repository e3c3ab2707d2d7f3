// Holds the tests of shards: half-years, the change from one to the next, and homes that are older than shards.

import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'

import { systemClock, type Clock } from '../std/clock.ts'
import { EMPTY_ROOT } from '../tlog/hash.ts'
import { noteVerifier, parseVkey } from '../tlog/note.ts'
import { LogFolder } from './log-folder.ts'
import { LogFollower } from './log-follow.ts'
import { openLogKey } from './log-key.ts'
import { openAuditLog } from './open.ts'
import { ShardWriter } from './shard-writer.ts'
import { isShardName, shardEnd, shardOf } from './shard.ts'
import { intent, logOptions, logSigner, temporaryHome } from './testbed.test.ts'
import { verifyLog } from './verify.ts'

const DECEMBER = Date.UTC(2026, 11, 31, 23, 59, 59, 990)

test('a half-year has a name, and ends where the next begins', () => {
  assert.equal(shardOf(DECEMBER), '2026h2')
  assert.equal(shardEnd('2026h2'), Date.UTC(2027, 0, 1))
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(9998, 0, 1) }), (ms) => {
      const name = shardOf(ms)
      assert.ok(isShardName(name) && ms < shardEnd(name))
      assert.ok(shardOf(shardEnd(name)) > name && shardOf(shardEnd(name) - 1) === name)
    }),
  )
})

/** A clock that stands where it is put. */
function settable(): { clock: Clock; put: (ms: number) => void } {
  let now = DECEMBER
  return { clock: { ...systemClock, now: () => now }, put: (ms) => (now = ms) }
}

test('INV-7 the new year begins a tree of its own, and the row of shards is one log', async (t) => {
  const { clock, put } = settable()
  const options = { ...logOptions(temporaryHome(t)), clock }
  const log = await openAuditLog(options)
  const before = await Promise.all(
    Array.from({ length: 300 }, (_, i) => log.append(intent(`a-${i}`))),
  )
  put(DECEMBER + 20)
  // A clock that goes back afterwards does not go back to a shard that is closed.
  const after = await log.append(intent('b'))
  await log.flush()
  put(DECEMBER - 5_000)
  await log.append(intent('c'))
  const { origin, size } = await log.flush()
  assert.deepEqual(
    log.shards.map(({ name, base, size: leaves }) => [name, base, leaves]),
    [
      ['2026h2', 0, 301],
      ['2027h1', 301, 3],
    ],
  )
  assert.deepEqual([origin, size], ['audit.test/log/2027h1', 3])
  assert.equal((await log.get(after.leaf))?.index, 301)
  assert.match(log.proof(301), /\nindex 0\n/)
  assert.match(log.proof(300), /\nindex 300\n[^]*\naudit\.test\/log\/2026h2\n301\n/)
  const [closed] = await log.tail({ limit: 5, type: 'log.shard_closed' })
  assert.deepEqual(
    [closed?.record.body['shard'], closed?.record.body['size'], closed?.index],
    ['2026h2', 301, 302],
  )
  assert.equal((await log.get(before[7]?.leaf ?? ''))?.record.call, 'a-7')
  const follower = new LogFollower(options.home)
  assert.deepEqual(
    follower.entries(299, 4).map(({ index }) => index),
    [299, 300, 301, 302],
  )
  follower.close()
  await log.close()

  const again = await openAuditLog(options)
  assert.equal((await again.tail({ limit: 5, type: 'log.shard_closed' })).length, 1)
  await again.close()
  const directory = join(options.home, 'log')
  const lines = readFileSync(join(options.home, 'log.vkey'), 'utf8').trim().split('\n')
  assert.deepEqual(lines.length, 3)
  // The first line alone is enough, for good.
  for (const vkey of [lines[0] ?? '', lines.join('\n')]) {
    const report = await verifyLog({ directory, vkey })
    assert.deepEqual(
      report.findings.filter(({ code }) => code !== 'audit.verify_gap'),
      [],
    )
    assert.deepEqual(
      report.shards.map(({ name }) => name),
      ['2026h2', '2027h1'],
    )
  }
  const one = await verifyLog({ directory: join(directory, '2026h2'), vkey: lines[0] ?? '' })
  assert.equal(one.ok, true)
})

test('a shard that closed in a crash gets its last checkpoint at the next start', async (t) => {
  const { clock, put } = settable()
  const options = { ...logOptions(temporaryHome(t)), clock }
  const log = await openAuditLog(options)
  await log.flush()
  put(DECEMBER + 20)
  await log.append(intent('b'))
  await log.close()
  const checkpoint = join(options.home, 'log/2026h2/checkpoint')
  const published = readFileSync(checkpoint, 'utf8')
  rmSync(checkpoint)
  const again = await openAuditLog(options)
  await again.flush()
  assert.equal(readFileSync(checkpoint, 'utf8'), published)
  await again.close()
})

test('a home from before there were shards goes on in one', async (t) => {
  const options = logOptions(temporaryHome(t))
  const old = await openAuditLog(options)
  await old.append(intent('a'))
  await old.close()
  olden(options.home)
  const log = await openAuditLog(options)
  await log.append(intent('b'))
  await log.flush()
  const names = log.shards.map(({ name }) => name)
  assert.deepEqual([names[0], names.length, isShardName(names[1] ?? '')], ['', 2, true])
  assert.equal((await log.byCall('a')).length > 0, true)
  await log.close()
})

/** Makes a home look as version 1 left it: one tree, in the log's folder itself, and no checkpoint that says otherwise. */
function olden(home: string): void {
  const database = new DatabaseSync(join(home, 'log-state.sqlite'))
  const [shard = ''] = readdirSync(join(home, 'log'))
  database.exec(`
    ALTER TABLE state ADD COLUMN root BLOB; UPDATE state SET root = (SELECT root FROM shards);
    DROP TABLE shards; PRAGMA user_version = 1;`)
  database.close()
  const from = join(home, 'log', shard)
  for (const name of readdirSync(from)) {
    if (name !== 'checkpoint') renameSync(join(from, name), join(home, 'log', name))
  }
  rmSync(from, { recursive: true })
}

test('what the first step of a shard left when it failed is cleared: it belongs to no tree', (t) => {
  const home = temporaryHome(t)
  const key = openLogKey(home, 'audit.test/log', logSigner())
  const { name, keyId } = key.shard('2026h2')
  const files = new LogFolder(join(home, 'log')).shard('2026h2')
  const left = ['entries/000.p/3', '0/000.p/3', '1/000.p/1'].map((tile) =>
    join(files.directory, 'tile', tile),
  )
  for (const path of left) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, 'half')
  }
  const verifier = noteVerifier({ ...parseVkey(key.vkey), name, keyId })
  const begun = { name: '2026h2', base: 0, size: 0, root: EMPTY_ROOT }
  assert.equal(new ShardWriter(files, begun, verifier).head.size, 0)
  // Of a level that the size does not reach yet, the next step that does writes the same name.
  assert.deepEqual(
    left.filter((path) => existsSync(path)),
    left.slice(2),
  )
})
