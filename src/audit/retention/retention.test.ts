// Holds the tests of retention beneath the server: what its file may say, how shards stand, and what a crash leaves.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'

import { systemClock } from '../../std/clock.ts'
import { Fault } from '../../std/fault.ts'
import { LogFolder } from '../log-folder.ts'
import type { AuditLog } from '../log.ts'
import { openAuditLog } from '../open.ts'
import type { AuditLogOptions } from '../options.ts'
import { shardMembers } from '../shard-word.ts'
import { intent, logOptions, temporaryHome } from '../testbed.test.ts'
import { parseRetention } from './policy.ts'
import { removeRows } from './rows.ts'
import { standings, type Reached } from './standing.ts'

const at = (text: string): number => Date.parse(`${text}T00:00:00Z`)
const root = new Uint8Array(32)
const FREE: Reached = { waitsFor: () => undefined, dropped: () => false }

test('a policy says how long, what is held and where shards go; whatever else it says is refused with its place', () => {
  const policy = parseRetention(
    'keep: 2 years\nholds:\n  - { shard: 2026h2, because: case 17 }\nexport: /srv/log\n',
  )
  assert.deepEqual(
    { ...policy, holds: [...policy.holds] },
    { months: 24, keep: '2 years', holds: [['2026h2', 'case 17']], export: '/srv/log' },
  )
  assert.equal(parseRetention('keep: forever').months, undefined)
  assert.equal(parseRetention('keep: 6 months').months, 6)
  const bad = {
    'keep: 5 months': /keep/,
    'keep: 101 years': /keep/,
    'keep: 0 years': /keep/,
    'keep: 3 weeks': /keep/,
    'keep: [': /line 1/,
    '': /retention.yaml/,
    'keep: 1 year\nkeep: 2 years': /line 2/,
    'keep: 1 year\nexport: here': /export/,
    'keep: 1 year\nholds: [{ shard: last, because: x }]': /holds\.0\.shard/,
    'keep: 1 year\nholds: [{ shard: 2026h2 }]': /holds\.0\.because/,
    'keep: 1 year\ndelete: true': /retention.yaml/,
  }
  for (const [text, place] of Object.entries(bad)) {
    const refused = (error: unknown): boolean =>
      error instanceof Fault && error.code === 'audit.retention' && place.test(error.detail)
    assert.throws(() => parseRetention(text), refused, text)
  }
})

test('a shard is kept from its end, held by name, waits for whoever still needs it, and the one that grows never goes', () => {
  const shards = [
    { name: '', base: 0, size: 5, root },
    { name: '2026h1', base: 5, size: 7, root },
    { name: '2026h2', base: 12, size: 9, root },
    { name: '2027h1', base: 21, size: 1, root },
  ]
  const look = (text: string, now: string, reached: Partial<Reached> = {}): string[] =>
    standings(shards, parseRetention(text), { ...FREE, ...reached }, at(now)).map(
      ({ state }) => state,
    )
  assert.deepEqual(look('keep: 1 year', '2027-01-01'), ['due', 'kept', 'kept', 'grows'])
  assert.deepEqual(look('keep: 1 year', '2027-06-30'), ['due', 'kept', 'kept', 'grows'])
  assert.deepEqual(look('keep: 1 year', '2027-07-01'), ['due', 'due', 'kept', 'grows'])
  assert.deepEqual(look('keep: 1 year', '2099-01-01'), ['due', 'due', 'due', 'grows'])
  assert.deepEqual(look('keep: forever', '2099-01-01'), ['kept', 'kept', 'kept', 'grows'])
  const holds = 'keep: 1 year\nholds: [{ shard: 2026h1, because: a case }]'
  assert.deepEqual(look(holds, '2099-01-01'), ['due', 'held', 'due', 'grows'])
  const waitsFor: Reached['waitsFor'] = ({ name }) => (name === '2026h2' ? 'a sink' : undefined)
  assert.deepEqual(look('keep: 1 year', '2099-01-01', { waitsFor }), [
    'due',
    'due',
    'waits',
    'grows',
  ])
  const dropped: Reached['dropped'] = ({ name }) => name === ''
  assert.deepEqual(look('keep: 1 year', '2099-01-01', { dropped })[0], 'dropped')
  const [first, half] = standings(shards, parseRetention('keep: 18 months'), FREE, at('2026-07-02'))
  assert.deepEqual([first?.endsAt, half?.endsAt], [at('2026-01-01'), at('2026-07-01')])
  assert.deepEqual([first?.dueAt, half?.dueAt], [at('2027-07-01'), at('2028-01-01')])
})

/** A log of two shards, of which the first is over; with the record that says it goes, where that is asked for. */
async function twoShards(options: AuditLogOptions, put: (ms: number) => void): Promise<AuditLog> {
  const log = await openAuditLog(options)
  await Promise.all(Array.from({ length: 300 }, (_, i) => log.append(intent(`a-${i}`))))
  await log.flush()
  put(at('2027-07-02'))
  await log.append(intent('b'))
  await log.flush()
  return log
}

function settable(t: { after(fn: () => void): void }) {
  let now = at('2026-12-31')
  const clock = { ...systemClock, now: () => now }
  const options = { ...logOptions(temporaryHome(t)), clock }
  return { options, put: (ms: number) => void (now = ms) }
}

test('INV-7 a drop that a crash interrupts anywhere is finished at the next start', async (t) => {
  for (const crash of ['marked', 'rows half gone', 'tiles renamed', 'tiles half gone']) {
    const { options, put } = settable(t)
    const log = await twoShards(options, put)
    const [head] = log.shards
    assert.ok(head !== undefined)
    const body = { ...shardMembers(head), keep: '6 months', exported: false, before: [] }
    await log.append({ type: 'log.shard_dropped', phase: 'lifecycle', body })
    await log.close()
    const files = new LogFolder(join(options.home, 'log')).shard(head.name)
    const state = join(options.home, 'log-state.sqlite')
    if (crash !== 'tiles half gone') files.beginDrop()
    if (crash === 'rows half gone') removeRows(state, 0, 150)
    if (crash === 'tiles renamed' || crash === 'tiles half gone') {
      removeRows(state, 0, head.size)
      files.dropTiles()
      files.beginDrop()
    }
    if (crash === 'tiles half gone')
      mkdirSync(join(files.directory, 'tile.dropped', '0'), { recursive: true })

    const again = await openAuditLog(options)
    assert.equal(files.dropped, true, crash)
    assert.equal(files.dropping, false, crash)
    assert.equal(existsSync(join(files.directory, 'tile.dropped')), false, crash)
    const [first] = again.read(0, 1)
    assert.equal(first?.index, head.size, crash)
    const isDropped = (error: unknown): boolean =>
      error instanceof Fault && error.code === 'audit.dropped'
    assert.throws(() => again.proof(3), isDropped, crash)
    await again.close()
    const database = new DatabaseSync(state, { readOnly: true })
    const row = database.prepare('SELECT min(idx) AS first FROM records').get()
    database.close()
    assert.equal(row?.['first'], head.size, crash)
  }
})

test('INV-7 a mark that no record explains moves nothing', async (t) => {
  const { options, put } = settable(t)
  const log = await twoShards(options, put)
  const [head] = log.shards
  await log.close()
  const files = new LogFolder(join(options.home, 'log')).shard(head?.name ?? '')
  files.beginDrop()
  const again = await openAuditLog(options)
  assert.equal(files.dropped, false)
  assert.equal(again.read(0, 1)[0]?.index, 0)
  await again.close()
  rmSync(join(files.directory, 'dropping'))
})
