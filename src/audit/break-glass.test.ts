// Holds the tests of the break-glass: records go to another disk and come home, and none is ever skipped.

import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
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

test('INV-1 a request that cannot be read stops nothing, is shown and recorded once, and the next one is met', async (t) => {
  const options = logOptions(temporaryHome(t))
  const path = join(options.home, 'break-glass.json')
  writeFileSync(path, '{', { mode: 0o600 })
  // Neither a start ...
  const log = await openAuditLog(options)
  assert.match(log.stats().breakGlass?.problem ?? '', /break-glass\.json cannot be read/)
  await log.append(intent('one'))
  await log.flush()
  // ... nor a folder that is not there, nor the file of somebody else.
  broken(options.home, '/nowhere/at-all', 60_000)
  while (!/not there/.test(log.stats().breakGlass?.problem ?? '')) await pause(20)
  chmodSync(path, 0o666)
  while (!/only this account/.test(log.stats().breakGlass?.problem ?? '')) await pause(20)
  await log.append(intent('two'))
  await log.flush()
  const said = await log.tail({ limit: 9, type: 'audit.break_glass' })
  assert.deepEqual(
    said.map(({ record }) => record.body['state']),
    ['refused', 'refused', 'refused'],
  )
  rmSync(path)
  broken(options.home, temporaryHome(t), 60_000)
  while (log.stats().breakGlass?.open !== true) await pause(20)
  await log.append(intent('three'))
  rmSync(path)
  while (log.stats().breakGlass?.open === true) await pause(20)
  await log.append(intent('four'))
  await log.close()
})

test('INV-1 a file that becomes unreadable while records go elsewhere ends nothing', async (t) => {
  const options = logOptions(temporaryHome(t))
  const other = temporaryHome(t)
  const log = await openAuditLog(options)
  broken(options.home, other, 60_000)
  while (log.stats().breakGlass?.open !== true) await pause(20)
  writeFileSync(join(options.home, 'break-glass.json'), 'nonsense', { mode: 0o600 })
  while (log.stats().breakGlass?.problem === undefined) await pause(20)
  assert.equal(log.stats().breakGlass?.open, true)
  const { leaf } = await log.append(intent('meanwhile'))
  await log.flush()
  assert.notEqual(await log.get(leaf), undefined)
  await log.close()
})

test('a process that starts while the glass is broken writes to the other disk alone, and records no second beginning', async (t) => {
  const options = logOptions(temporaryHome(t))
  const other = temporaryHome(t)
  broken(options.home, other, 3_600_000)
  const first = await openAuditLog(options)
  assert.equal(first.stats().breakGlass?.open, true)
  const spool = join(options.home, 'spool')
  assert.deepEqual(
    readdirSync(spool).filter((name) => name.endsWith('.seg')),
    [],
  )
  await first.append(intent('one'))
  await first.close()
  const second = await openAuditLog(options)
  await second.append(intent('two'))
  const said = await second.tail({ limit: 9, type: 'audit.break_glass' })
  assert.equal(said.length, 1)
  await second.close()
  assert.deepEqual(
    readdirSync(spool).filter((name) => name.endsWith('.seg')),
    [],
  )
  // Its folder is part of the chain: without it there is no start that would guess.
  const [folder = ''] = readdirSync(other)
  renameSync(join(other, folder), join(other, 'away'))
  await assert.rejects(openAuditLog(options), { code: 'audit.corrupt' })
  renameSync(join(other, 'away'), join(other, folder))
  rmSync(join(options.home, 'break-glass.json'))
  const third = await openAuditLog(options)
  await third.flush()
  const states = await third.tail({ limit: 9, type: 'audit.break_glass' })
  assert.deepEqual(
    states.map(({ record }) => record.body['state']),
    ['ended', 'begun'],
  )
  await third.close()
  const vkey = readFileSync(join(options.home, 'log.vkey'), 'utf8')
  assert.deepEqual((await verifyLog({ directory: join(options.home, 'log'), vkey })).findings, [])
})
