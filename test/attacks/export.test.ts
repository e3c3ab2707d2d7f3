// Holds the attacks on the export of a shard: what was edited is not handed on, what is handed on cannot be edited, and nothing gets into the log.

import assert from 'node:assert/strict'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { temporaryHome } from '../../src/audit/testbed.test.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { exportShard } from '../../src/server/backup/shard-export.ts'
import { publicFault } from '../../src/std/fault.ts'
import { ORIGIN, SHARD, sealedEntries, writeLog, type WrittenLog } from '../fakes/written-log.ts'

/** Crosses a full bundle, so that a tile and a part of one are there. */
const RECORDS = 300

interface Scene {
  readonly log: WrittenLog
  readonly home: string
  /** Where exports go. */
  readonly out: string
}

function scene(t: TestContext): Scene {
  const home = join(temporaryHome(t), 'home')
  mkdirSync(home)
  return { log: writeLog(home, sealedEntries(RECORDS)), home, out: temporaryHome(t) }
}

async function refusal(run: Promise<unknown>): Promise<string> {
  try {
    await run
  } catch (error) {
    return publicFault(error).code
  }
  return 'nothing'
}

/** The bundle of the first 256 records below a shard. */
function bundle(shard: string): string {
  return join(shard, 'tile/entries/000')
}

function flip(path: string): void {
  const bytes = readFileSync(path)
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(path, bytes)
}

async function codes(directory: string, vkey: string): Promise<string[]> {
  const { findings } = await verifyLog({ directory, vkey: readFileSync(vkey, 'utf8') })
  return findings.map(({ code }) => code)
}

test('INV-7 an exported shard is a log by itself, and any byte of its records that changes is found', async (t) => {
  const { home, out, log } = scene(t)
  const to = join(out, SHARD)
  const done = await exportShard({ home, shard: SHARD, to })
  assert.deepEqual([done.size, done.shard, done.folder], [RECORDS, SHARD, to])
  assert.deepEqual(await codes(to, log.vkey), [])
  assert.match(readFileSync(join(to, 'README.txt'), 'utf8'), new RegExp(`${ORIGIN}/${SHARD}`))
  flip(bundle(to))
  assert.ok((await codes(to, log.vkey)).length > 0)
})

test('INV-7 a shard that was edited is not handed on, and leaves nothing', async (t) => {
  const { home, out, log } = scene(t)
  flip(bundle(log.shard))
  assert.equal(
    await refusal(exportShard({ home, shard: SHARD, to: join(out, SHARD) })),
    'backup.log',
  )
  assert.deepEqual(readdirSync(out), [])
})

test('INV-7 an export never lands in the log or on what is there, also through a link', async (t) => {
  const { home, out, log } = scene(t)
  symlinkSync(log.log, join(out, 'link'))
  mkdirSync(join(out, 'there'))
  for (const to of [
    join(log.log, '2027h1'),
    join(out, 'link', '2027h1'),
    join(home, 'kept'),
    join(out, 'there'),
    join(out, 'nowhere', 'below'),
  ]) {
    assert.equal(await refusal(exportShard({ home, shard: SHARD, to })), 'backup.target', to)
  }
  assert.deepEqual(readdirSync(log.log), [SHARD])
  assert.deepEqual(readdirSync(join(out, 'there')), [])
  for (const shard of ['2027h1', '..', `../log/${SHARD}`, '']) {
    const to = join(out, 'one')
    assert.equal(await refusal(exportShard({ home, shard, to })), 'backup.shard', shard)
    assert.equal(existsSync(to), false)
  }
})

test('INV-7 an exported shard that is put into the log as another half-year is found', async (t) => {
  const { home, out, log } = scene(t)
  const to = join(out, SHARD)
  await exportShard({ home, shard: SHARD, to })
  cpSync(to, join(log.log, '2027h1'), { recursive: true })
  assert.ok((await codes(log.log, log.vkey)).includes('audit.verify_note'))
})

test('a shard that is there since before there were any is exported without those that lie below it', async (t) => {
  const home = temporaryHome(t)
  const out = temporaryHome(t)
  const entries = sealedEntries(20)
  const log = writeLog(home, entries, { shard: '' })
  cpSync(log.log, join(out, 'other'), { recursive: true })
  cpSync(join(out, 'other'), join(log.log, SHARD), { recursive: true })
  const done = await exportShard({ home, shard: '', to: join(out, 'first') })
  assert.equal(done.size, 20)
  assert.deepEqual(readdirSync(join(out, 'first')).toSorted(), [
    'README.txt',
    'checkpoint',
    'log.vkey',
    'tile',
  ])
})
