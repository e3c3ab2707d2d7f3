// Holds the tests of the index over several runs: the same answers as reading everything, from disk and memory, after any restart, and from bad rows.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'

import { hex, sha256, utf8 } from '../../std/bytes.ts'
import { canonicalJson } from '../../std/json.ts'
import { systemEntropy } from '../../std/entropy.ts'
import { Envelope, readRecord } from '../envelope.ts'
import type { LoggedEntry } from '../log-reader.ts'
import { temporaryHome } from '../testbed.test.ts'
import { matches, parseSearch } from './query.ts'
import { commonPlaces, decodePlaces, encodePlaces, RUN } from './run-bits.ts'
import { SearchIndex, type PageQuery } from './search-index.ts'

const START = Date.UTC(2026, 10, 23)
const COUNT = 5 * RUN + 1_500

/** A log of nine runs and a part, a record each 100 ms, some written late, without disk or threads. */
function madeLog(count: number): {
  readonly entries: (index: number, limit: number) => LoggedEntry[]
  readonly at: (indices: readonly number[]) => LoggedEntry[]
  readonly dropped: () => (readonly [number, number])[]
} {
  let ms = START
  const clock = { now: () => ms, monotonic: () => ms }
  const envelope = new Envelope('one', '01900000-0000-7000-8000-000000000000', clock, systemEntropy)
  const all = Array.from({ length: count }, (_, i) => {
    // Every thousandth says it is half a minute older than those beside it.
    ms = START + i * 100 - (i % 1_000 === 999 ? 30_000 : 0)
    const { text } = envelope.seal({
      type: i % 9 === 0 ? 'call.denied' : 'call.intent',
      phase: 'intent',
      call: `019ac000-0000-7000-8000-${String(i).padStart(12, '0')}`,
      agent: `agent-${i % 5}`,
      system: i < RUN ? 'old' : 'new',
      ...(i % 3_001 === 0 && { person: 'per_rare' }),
      ...(i % 5 === 0 && { trace: traceOf(i) }),
      body: {},
    })
    return { index: i, entry: utf8(text) }
  })
  return {
    entries: (index, limit) => all.slice(index, index + limit),
    at: (indices) => indices.map((index) => all[index]!),
    dropped: () => [],
  }
}

/** The same log after retention has removed what lies from `from` to before `to`. */
function without(from: number, to: number): typeof LOG {
  const kept = (index: number): boolean => index < from || index >= to
  return {
    entries: (index, limit) =>
      LOG.entries(0, COUNT)
        .filter((one) => one.index >= index && kept(one.index))
        .slice(0, limit),
    at: (indices) => LOG.at(indices.filter(kept)),
    dropped: () => [[from, to]],
  }
}

/** Each is on two records, 40,000 apart. */
function traceOf(i: number): string {
  return hex(sha256(`trace ${i % 40_000}`)).slice(0, 32)
}

const FEW = 2 * RUN + 100
const LOG = madeLog(COUNT)
const RECORDS = LOG.entries(0, COUNT).map(({ entry }) => readRecord(entry))

function opened(path: string, upTo = COUNT): SearchIndex {
  const index = new SearchIndex(path, {
    ...LOG,
    entries: (from, limit) => LOG.entries(from, Math.max(0, Math.min(limit, upTo - from))),
  })
  while (index.advance(700));
  return index
}

function everything(index: SearchIndex, ask: PageQuery): number[] {
  const found: number[] = []
  let from = ask.from
  for (let pages = 0; pages < 1_000; pages++) {
    const page = index.page({ ...ask, ...(from !== undefined && { from }) })
    found.push(...page.indices)
    if (page.next === undefined) return found
    from = page.next
  }
  return assert.fail('it never ends')
}

function scanned(text: string, upTo = COUNT): number[] {
  const query = parseSearch(text, START)
  return RECORDS.flatMap((record, i) => (i < upTo && matches(query, record) ? [i] : []))
}

const iso = (i: number): string => new Date(START + i * 100).toISOString()
const QUERIES = [
  'agent:agent-3 type:call.denied',
  'person:per_rare',
  'person:per_rare system:old',
  'system:old agent:agent-1 denied',
  'system:old system:new',
  `call:019ac000-0000-7000-8000-${String(RUN).padStart(12, '0')}`,
  'agent:nobody',
  `trace:${traceOf(5)}`,
  `trace:${traceOf(20_000)} system:new`,
  `trace:${'0'.repeat(32)}`,
  `agent:agent-2 since:${iso(RUN - 200)} until:${iso(RUN + 400)}`,
  `since:${iso(COUNT - 300)}`,
  `until:${iso(700)}`,
  `since:${iso(4_000)} until:${iso(4_000)}`,
]

test('what is on disk and what is in memory together answer as reading everything does', (t) => {
  const path = join(temporaryHome(t), 'search.sqlite')
  // Closed in the middle of a run, and opened on a log that has grown by two borders.
  opened(path, RUN - 300).close()
  const index = opened(path)
  assert.equal(index.next, COUNT)
  for (const text of QUERIES) {
    const query = parseSearch(text, START)
    const expected = scanned(text)
    const oldest = everything(index, { query, limit: 400, order: 'oldest' })
    assert.deepEqual(oldest, expected, `${text}, oldest first`)
    const newest = everything(index, { query, limit: 333, order: 'newest' })
    assert.deepEqual(newest, expected.toReversed(), `${text}, newest first`)
  }
  index.close()
})

test('rows that are changed, cut or put in by hand show nothing that the log does not say', (t) => {
  const path = join(temporaryHome(t), 'search.sqlite')
  opened(path, FEW).close()
  const database = new DatabaseSync(path)
  assert.equal(
    Number(database.prepare('SELECT count(DISTINCT run) AS n FROM lists').get()?.['n']),
    2,
  )
  const every = database.prepare('UPDATE lists SET places = ? WHERE run = 0')
  every.run(new Uint8Array(RUN / 8).fill(0xff))
  database.prepare('UPDATE lists SET places = ? WHERE run = 1').run(new Uint8Array(701).fill(0xee))
  database.exec('INSERT INTO lists SELECT term, 999, places FROM lists WHERE run = 0')
  database.close()
  const index = opened(path, FEW)
  for (const text of QUERIES) {
    const query = parseSearch(text, START)
    const right = new Set(scanned(text, FEW))
    for (const order of ['oldest', 'newest'] as const) {
      const found = everything(index, { query, limit: 100, order })
      assert.ok(
        found.every((i) => right.has(i)),
        text,
      )
      assert.equal(new Set(found).size, found.length, text)
    }
  }
  index.close()
})

test('a page does bounded work: what it reads for nothing ends it, and the next goes on', (t) => {
  const path = join(temporaryHome(t), 'search.sqlite')
  opened(path, FEW).close()
  const database = new DatabaseSync(path)
  database.exec(`UPDATE lists SET places = zeroblob(0) WHERE run = 1`)
  database.prepare('UPDATE lists SET places = ?').run(new Uint8Array(RUN / 8).fill(0xff))
  database.close()
  const index = opened(path, FEW)
  const query = parseSearch('person:per_rare system:old', START)
  const first = index.page({ query, limit: 50, order: 'oldest' })
  assert.equal(first.partial, true)
  assert.ok(first.next !== undefined && first.next < RUN)
  assert.deepEqual(everything(index, { query, limit: 50, order: 'oldest' }), [0, 3_001, 6_002])
  index.close()
})

test('an index of another log or version, whose times are gone, or that ends within a run, is made anew', (t) => {
  const path = join(temporaryHome(t), 'search.sqlite')
  for (const harm of [
    'DELETE FROM spans WHERE run = 0',
    'UPDATE state SET next = next - 1',
    `DELETE FROM lists; UPDATE state SET leaf = 'of another log'`,
    'DELETE FROM lists; PRAGMA user_version = 1',
  ]) {
    opened(path, FEW).close()
    const database = new DatabaseSync(path)
    database.exec(harm)
    database.close()
    const index = opened(path, FEW)
    const query = parseSearch(QUERIES[10]!, START)
    const found = everything(index, { query, limit: 100, order: 'oldest' })
    assert.deepEqual(found, scanned(QUERIES[10]!, FEW), harm)
    index.close()
  }
})

test('an entry that is no record stops the index at its place and loses nothing before it', (t) => {
  const path = join(temporaryHome(t), 'search.sqlite')
  const bad = utf8(canonicalJson({ type: 7 }))
  const index = new SearchIndex(path, {
    ...LOG,
    entries: (from, limit) =>
      LOG.entries(from, limit).map((one) => (one.index === 600 ? { ...one, entry: bad } : one)),
  })
  assert.equal(index.advance(500), true)
  assert.throws(() => index.advance(500), { code: 'audit.unreadable' })
  assert.equal(index.next, 500)
  const query = parseSearch('agent:agent-3', START)
  assert.equal(everything(index, { query, limit: 50, order: 'oldest' }).length, 100)
  index.close()
})

test('places are kept, few or many', () => {
  const places = fc.uniqueArray(fc.integer({ min: 0, max: RUN - 1 }), { maxLength: 700 })
  fc.assert(
    fc.property(places, places, (a, b) => {
      const [first, second] = [a, b].map((some) => decodePlaces(encodePlaces(some)))
      const sorted = a.toSorted((x, y) => x - y)
      assert.deepEqual(commonPlaces([first!], false), sorted)
      assert.deepEqual(commonPlaces([first!], true), sorted.toReversed())
      const both = sorted.filter((place) => b.includes(place))
      assert.deepEqual(commonPlaces([first!, second!], false), both)
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1_100 }), (bytes) => {
      const found = commonPlaces([decodePlaces(bytes)], false)
      assert.ok(found.every((place) => place >= 0 && place < RUN))
    }),
  )
  assert.equal(commonPlaces([], false).length, RUN)
})

test('what retention has removed is found no more, whether the index was there before or is made anew', (t) => {
  const [from, to] = [100, 3 * RUN + 50]
  const path = join(temporaryHome(t), 'search.sqlite')
  opened(path).close()
  const terms = (): number => {
    const database = new DatabaseSync(path, { readOnly: true })
    const row = database.prepare('SELECT count(*) AS n FROM lists WHERE run IN (1, 2)').get()
    database.close()
    return Number(row?.['n'])
  }
  assert.ok(terms() > 100)
  const left = without(from, to)
  const again = new SearchIndex(path, left)
  const anew = new SearchIndex(join(temporaryHome(t), 'search.sqlite'), left)
  let steps = 0
  for (const index of [again, anew]) {
    while (index.advance(700));
    while (index.forget()) steps += 1
    assert.equal(index.next, COUNT)
    for (const text of QUERIES) {
      const query = parseSearch(text, START)
      const expected = scanned(text).filter((one) => one < from || one >= to)
      const found = everything(index, { query, limit: 400, order: 'oldest' })
      assert.deepEqual(found, expected, text)
    }
  }
  assert.ok(steps > 1, 'a removal is made in small steps')
  again.close()
  anew.close()
  assert.equal(terms(), 0)
  const reopened = new SearchIndex(path, left)
  assert.equal(reopened.next, COUNT - (COUNT % RUN), 'it was not made anew')
  assert.equal(reopened.forget(), false)
  reopened.close()
})
