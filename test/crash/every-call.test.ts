// Holds the sample of the crash test at every call that each test run has; `npm run crash -- --every-call` breaks all of them.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { everyCall, SCENARIOS } from './every-call.ts'
import { FAULTS, planned, type InjectedFault } from './fault-plan.ts'

/** Calls between which what is promised changes: both sides of each are looked at. */
const TURNS =
  /^spool (writevSync|fdatasyncSync) spool\/N|^sequencer (exec\(COMMIT|renameSync log)|^main renameSync log/
/** One call of each kind, for the errors. */
const KINDS =
  /^spool (openSync|fdatasyncSync|closeSync) spool\/N|^spool (promises.rename|file.(write|sync)) spool\/reserve|^sequencer ((writeSync|fsyncSync) log\/SHARD\/(tile\/N\/N\.p\/N|checkpoint\.tmp)|run\(UPDATE|rmSync|mkdirSync log\/SHARD$)/

async function sample(only: RegExp, faultsOf: (index: number) => readonly InjectedFault[]) {
  const found = await everyCall({
    scenario: 'normal',
    occurrences: 'first',
    parallel: 2,
    only: ({ site }) => only.test(site),
    faultsOf,
  })
  assert.deepEqual(found.deviations, [])
  assert.equal(found.runs, found.planned)
  return found
}

test('INV-7 a crash or a power cut on either side of a call that promises something loses nothing acknowledged and leaves nothing unrecorded', async () => {
  const found = await sample(TURNS, () => ['kill-before', 'kill-after', 'power-off'])
  assert.equal(found.sitesBroken, 5)
  assert.ok(found.reached >= 13, `${found.reached} of ${found.runs} were reached`)
})

test('INV-7 a disk that fails or is full at any kind of call loses nothing acknowledged and is named', async () => {
  const found = await sample(KINDS, (index) => [index % 2 === 0 ? 'EIO' : 'ENOSPC'])
  assert.equal(found.sitesBroken, 13)
  assert.ok(found.reached >= 11, `${found.reached} of ${found.runs} were reached`)
})

test('a disk that refuses the verifier key of a new shard stops the sequencer, not the process', async () => {
  // The first write of the file is of the opening, the second of the first shard.
  const found = await everyCall({
    scenario: 'normal',
    occurrences: 'all',
    parallel: 2,
    only: ({ site, nth }) => site.startsWith('main openSync') && nth > 1,
    faultsOf: () => ['EIO'],
  })
  assert.deepEqual(found.deviations, [])
  assert.equal(found.reached, 2)
})

test('INV-1 a break-glass that cannot be begun takes nothing away from the records that stay at home', async () => {
  const found = await everyCall({
    scenario: 'break-glass',
    occurrences: 'first',
    parallel: 2,
    only: ({ site }) => /^spool (openSync|fsyncSync) other\/[^/]+(\/N.seg)?$/.test(site),
    faultsOf: () => ['EIO'],
  })
  assert.deepEqual(found.deviations, [])
  assert.equal(found.reached, 2)
})

test('docs/internals/log.md has every file that the commit path writes, and no other', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/internals/log.md'), 'utf8')
  const [, part = ''] = page.split('### File by file\n')
  const table = (part.split('\n\n')[1] ?? '').split('\n').filter((line) => line.startsWith('| `'))
  const said = table.flatMap((line) => {
    return [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, place]) => place)
  })
  const nothing = { occurrences: 'first', parallel: 1, only: () => false } as const
  const counts = await Promise.all(SCENARIOS.map((scenario) => everyCall({ scenario, ...nothing })))
  const places = counts.flatMap(({ sites }) =>
    sites.map((site) => site.replace(/^(\w+) .* (\S+)$/, '$1 $2')),
  )
  const written = new Set(places)
  assert.equal(said.length, new Set(said).size)
  assert.deepEqual(new Set(said), written)
})

test('a plan that is cut short has broken every site before any twice, and every fault before it is done', () => {
  const calls = ['a writeSync x', 'b fsyncSync y', 'c exec(COMMIT) z'].flatMap((site) =>
    [1, 2, 3, 4].map((nth) => ({ site, nth })),
  )
  const plan = planned(calls, 'three', () => FAULTS)
  assert.equal(new Set(plan.slice(0, 3).map(({ site }) => site)).size, 3)
  assert.equal(plan.length, 3 * (FAULTS.length + 2 * (FAULTS.length - 2)))
  assert.deepEqual([...new Set(plan.map(({ nth }) => nth))], [1, 4, 3])
  assert.equal(planned(calls, 'all', () => FAULTS).length, (plan.length / 3) * 4)
})
