// Holds the tests of exports over a real log, a real store and their thread: everything arrives, also across restarts.

import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'

import { openStore, type Store } from '../../store/open.ts'
import type { AuditLog } from '../log.ts'
import { openAuditLog } from '../open.ts'
import { intent, logOptions, logSigner, temporaryHome } from '../testbed.test.ts'
import { Exports } from './exports.ts'
import type { SinkSettings } from './settings.ts'

const SIGNER = logSigner()

interface World {
  readonly log: AuditLog
  readonly store: Store
  readonly exports: Exports
  close(): Promise<void>
}

async function open(home: string, sinks: readonly SinkSettings[]): Promise<World> {
  const log = await openAuditLog(logOptions(home, SIGNER))
  const store = await openStore({ directory: home, signer: SIGNER })
  const exports = await Exports.open({
    control: 'http://bailiwick.localhost:7400',
    home,
    origin: 'audit.test/log',
    version: '1',
    sinks,
    audit: log,
    cursors: store.cursors,
    onTrouble: (error) => assert.fail(String(error)),
  })
  const close = async (): Promise<void> => {
    await exports.close()
    await store.close()
    await log.close()
  }
  return { log, store, exports, close }
}

function lines(path: string): { index: number; record: { type: string } }[] {
  const text = readFileSync(path, 'utf8').trim()
  return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as never)
}

test('everything arrives once while nothing fails, over restarts, and a test and a replay on top', async (t) => {
  const home = temporaryHome(t)
  const path = join(home, 'out.ndjson')
  const sinks: SinkSettings[] = [
    { name: 'file', kind: 'file', path, format: 'record', rotate_mb: 64, select: ['*'] },
  ]
  const first = await open(home, sinks)
  await Promise.all(Array.from({ length: 500 }, (_, i) => first.log.append(intent(`c-${i}`))))
  await first.log.flush()
  while (first.exports.states()[0]?.lag !== 0) await pause(10)
  await first.close()

  const second = await open(home, sinks)
  await second.log.append(intent('later'))
  await second.log.flush()
  while (second.exports.states()[0]?.lag !== 0) await pause(10)
  const all = lines(path)
  assert.deepEqual(
    all.map(({ index }) => index),
    Array.from({ length: all.length }, (_, i) => i),
  )
  assert.equal(all.filter(({ record }) => record.type === 'export.begun').length, 1)
  assert.equal(all.length, second.log.stats().size)

  const { index } = await second.exports.test('file', 'per_1')
  assert.ok(lines(path).some((one) => one.index === index && one.record.type === 'export.tested'))
  await assert.rejects(second.exports.test('none', 'per_1'), { code: 'export.unknown' })
  await second.exports.replay('file', 3, 'per_1')
  await second.log.flush()
  while (second.exports.states()[0]?.lag !== 0) await pause(10)
  assert.equal(lines(path).filter((one) => one.index === 3).length, 2)
  assert.equal(lines(path).filter((one) => one.index === 2).length, 1)
  await second.close()
})

test('a cursor that belongs to another log refuses instead of leaving records out', async (t) => {
  const home = temporaryHome(t)
  const sinks: SinkSettings[] = [
    {
      name: 'file',
      kind: 'file',
      path: join(home, 'out'),
      format: 'record',
      rotate_mb: 64,
      select: ['*'],
    },
  ]
  const first = await open(home, sinks)
  await first.log.flush()
  while (first.exports.states()[0]?.lag !== 0) await pause(10)
  await first.close()
  for (const name of [
    'log',
    'spool',
    'log-state.sqlite',
    'log-state.sqlite-wal',
    'log-state.sqlite-shm',
  ]) {
    rmSync(join(home, name), { recursive: true, force: true })
  }
  await assert.rejects(open(home, sinks), { code: 'export.other_log' })
})

test('who tells people begins with what comes, and not with the past', async (t) => {
  const home = temporaryHome(t)
  const first = await open(home, [])
  await first.log.append(intent('long ago'))
  await first.log.flush()
  const { size } = first.log.stats()
  assert.ok(size > 0)
  await first.close()
  const url = join(home, 'url')
  writeFileSync(url, 'http://127.0.0.1:9/nobody')
  const slack: SinkSettings = { name: 's', kind: 'slack', url_file: url, select: ['approval.*'] }
  const second = await open(home, [slack])
  assert.ok(second.exports.states()[0]!.next >= size)
  await second.close()
})
