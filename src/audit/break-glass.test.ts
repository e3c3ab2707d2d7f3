// Holds the tests of the break-glass: records go to another disk and come home, and none is ever skipped.

import assert from 'node:assert/strict'
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'

import { systemClock } from '../std/clock.ts'
import { systemEntropy } from '../std/entropy.ts'
import { uuidv7 } from '../std/id.ts'
import { readBreakGlass, writeBreakGlass } from './break-glass.ts'
import { openAuditLog } from './open.ts'
import { intent, logOptions, temporaryHome } from './testbed.test.ts'
import { verifyLog } from './verify.ts'

function broken(home: string, to: string, ms: number): void {
  const at = systemClock.now()
  const id = uuidv7(systemClock, systemEntropy)
  writeBreakGlass(home, { id, to, at, until: at + ms, reason: 'the disk is full', by: 'root' })
}

test('INV-1 records go to the other disk, come home in time, and the log has each of them once', async (t) => {
  const options = logOptions(temporaryHome(t))
  const other = temporaryHome(t)
  const log = await openAuditLog(options)
  const before = await log.append(intent('before'))
  broken(options.home, other, 2_500)
  while (log.stats().breakGlass?.open !== true) await pause(20)
  const during = await Promise.all(
    Array.from({ length: 50 }, (_, i) => log.append(intent(`c-${i}`))),
  )
  assert.equal(readdirSync(other).length, 1)
  while (log.stats().breakGlass !== undefined) {
    await log.append(intent('on the way'))
    await pause(50)
  }
  const after = await log.append(intent('after'))
  await log.flush()
  for (const { leaf } of [before, ...during, after]) assert.notEqual(await log.get(leaf), undefined)
  const said = await log.tail({ limit: 9, type: 'audit.break_glass' })
  assert.deepEqual(said.map(({ record }) => record.body['state']).toReversed(), ['begun', 'ended'])
  assert.equal(existsSync(join(options.home, 'break-glass.json')), false)
  assert.deepEqual(readdirSync(other), [])
  await log.close()
  const vkey = readFileSync(join(options.home, 'log.vkey'), 'utf8')
  assert.deepEqual((await verifyLog({ directory: join(options.home, 'log'), vkey })).findings, [])
})

test('INV-1 a spool that failed goes on elsewhere, and what it held is not lost', async (t) => {
  const options = logOptions(temporaryHome(t))
  const log = await openAuditLog(options)
  await log.append(intent('before'))
  await log.flush()
  rmSync(join(options.home, 'spool/0000000001.seg'))
  await assert.rejects(log.append(intent('lost?')), { code: 'audit.unavailable' })
  assert.notEqual(log.stats().failure, undefined)
  broken(options.home, temporaryHome(t), 60_000)
  while (log.stats().breakGlass?.open !== true) await pause(20)
  assert.equal(log.stats().failure, undefined)
  const { leaf } = await log.append(intent('again'))
  assert.ok(leaf !== '')
  await log.close().catch(() => 0)
})

test('a file that somebody else could have written breaks nothing', (t) => {
  const home = temporaryHome(t)
  const path = join(home, 'break-glass.json')
  assert.equal(readBreakGlass(home), undefined)
  writeFileSync(path, '{}', { mode: 0o600 })
  assert.throws(() => readBreakGlass(home), { code: 'audit.break_glass' })
  broken(home, '/nowhere', 1_000)
  assert.equal(readBreakGlass(home)?.to, '/nowhere')
  chmodSync(path, 0o666)
  assert.throws(() => readBreakGlass(home), { code: 'audit.break_glass' })
  assert.throws(() => broken(home, 'relative', 1_000), { code: 'audit.break_glass' })
  assert.throws(() => broken(home, '/x', 90_000_000), { code: 'audit.break_glass' })
})
