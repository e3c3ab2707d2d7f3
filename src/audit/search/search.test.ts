// Holds the tests of search: what is found is what the log says, page by page, whatever the index was made to say.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'

import type { RecordDraft } from '../../wire/record.ts'
import { openAuditLog } from '../open.ts'
import type { AuditLog } from '../log.ts'
import { logOptions, logSigner, temporaryHome } from '../testbed.test.ts'
import { matches, parseSearch } from './query.ts'
import { Search } from './search.ts'
import { words } from './terms.ts'

const SIGNER = logSigner()
const NOW = Date.UTC(2026, 10, 23, 12)

interface World {
  readonly log: AuditLog
  readonly search: Search
  readonly find: (
    text: string,
    more?: { limit?: number; cursor?: string; order?: 'newest' | 'oldest' },
  ) => Promise<{
    readonly records: {
      readonly index: number
      readonly type: string
      readonly agent: string | undefined
    }[]
    readonly next: string | null
    readonly partial: boolean
  }>
  readonly close: () => Promise<void>
}

async function open(t: TestContext, home = temporaryHome(t)): Promise<World> {
  const log = await openAuditLog(logOptions(home, SIGNER))
  const search = await Search.open(home, log)
  const close = async (): Promise<void> => {
    await search.close()
    await log.close()
  }
  return {
    log,
    search,
    close,
    async find(text, { limit = 50, cursor, order = 'newest' } = {}) {
      const query = parseSearch(text, NOW)
      const page = await search.page({
        query,
        limit,
        order,
        ...(cursor !== undefined && { cursor }),
      })
      const records = page.indices.map((index) => {
        const [one] = log.read(index, 1)
        return { index, type: one?.record.type ?? '', agent: one?.record.agent }
      })
      return { records, next: page.next, partial: page.partial }
    },
  }
}

function draft(i: number): RecordDraft {
  const denied = i % 7 === 0
  return {
    type: denied ? 'call.denied' : 'call.intent',
    phase: denied ? 'decision' : 'intent',
    call: `019ac000-0000-7000-8000-${String(i).padStart(12, '0')}`,
    agent: `agent-${i % 5}`,
    system: i % 2 === 0 ? 'stripe' : 'files',
    action: i % 3 === 0 ? 'create_refund' : 'read_file',
    person: `per_${i % 11}`,
    body: denied
      ? { code: 'policy.denied', reason: 'no policy permits it' }
      : {
          decision: { answer: 'allow', parties: [{ policies: [`p-${i % 4}`] }] },
          effects: ['read'],
        },
  }
}

test('every condition at once, newest or oldest first, each record on one page', async (t) => {
  const { log, find, close } = await open(t)
  const drafts = Array.from({ length: 700 }, (_, i) => draft(i))
  await Promise.all(drafts.map((one) => log.append(one)))
  await log.flush()
  const asked: readonly (readonly [string, (i: number) => boolean])[] = [
    ['agent:agent-3', (i) => i % 5 === 3],
    ['agent:agent-3 decision:deny', (i) => i % 5 === 3 && i % 7 === 0],
    ['system:stripe refund', (i) => i % 2 === 0 && i % 3 === 0],
    ['type:call.*', () => true],
    ['policy:p-2 person:per_4', (i) => i % 7 !== 0 && i % 4 === 2 && i % 11 === 4],
    ['"no policy" code:policy.denied', (i) => i % 7 === 0],
    ['call:019ac000-0000-7000-8000-000000000123', (i) => i === 123],
    ['agent:agent-3 system:nowhere', () => false],
    ['effect:read -', (i) => i % 7 !== 0],
  ]
  for (const [text, wanted] of asked) {
    const expected = drafts.flatMap((_, i) => (wanted(i) ? [i + 1] : []))
    for (const order of ['newest', 'oldest'] as const) {
      const got: number[] = []
      let cursor: string | undefined
      for (let pages = 0; pages < 200; pages++) {
        const page = await find(text, { limit: 17, order, ...(cursor !== undefined && { cursor }) })
        got.push(...page.records.map(({ index }) => index))
        if (page.next === null) break
        cursor = page.next
      }
      assert.deepEqual(
        got,
        order === 'newest' ? expected.toReversed() : expected,
        `${text} ${order}`,
      )
    }
  }
  await close()
})

test('what was recorded before the question is in the answer, and pages stay while the log grows', async (t) => {
  const { log, find, close } = await open(t)
  for (let i = 0; i < 5; i++) {
    await log.append(draft(7 * i))
    await log.flush()
    assert.equal((await find('decision:deny')).records.length, i + 1)
  }
  const first = await find('decision:deny', { limit: 2 })
  await log.append(draft(70))
  await log.flush()
  const second = await find('decision:deny', { limit: 9, cursor: first.next ?? '' })
  assert.deepEqual([...first.records, ...second.records].length, 5)
  for (const cursor of ['', 'x', first.next ?? '']) {
    await assert.rejects(find('agent:agent-1', { cursor }), { code: 'search.cursor' })
  }
  await assert.rejects(find('decision:deny', { order: 'oldest', cursor: first.next ?? '' }), {
    code: 'search.cursor',
  })
  await close()
})

test('an index of another log, and what is no database at all, are made anew', async (t) => {
  const home = temporaryHome(t)
  const first = await open(t, home)
  await Promise.all(Array.from({ length: 100 }, (_, i) => first.log.append(draft(i))))
  await first.log.flush()
  const { records } = await first.find('type:call.intent agent:agent-1')
  await first.close()
  // Of another log, or no database at all: made anew.
  const path = join(home, 'search.sqlite')
  const broken = new DatabaseSync(path)
  broken.exec(`UPDATE state SET leaf = 'another'`)
  broken.close()
  const third = await open(t, home)
  assert.deepEqual((await third.find('type:call.intent agent:agent-1')).records, records)
  await third.close()
  writeFileSync(path, 'not a database, but long enough to look like a file of something else')
  const fourth = await open(t, home)
  assert.deepEqual((await fourth.find('type:call.intent agent:agent-1')).records, records)
  await fourth.close()
})

test('time bounds are exact, and a lag shows', async (t) => {
  const { log, search, find, close } = await open(t)
  await log.append(draft(1))
  await pause(15)
  const { ts } = await log.append(draft(2))
  await log.flush()
  assert.equal((await find(`type:call.* since:${ts}`)).records.length, 1)
  assert.equal((await find(`type:call.* until:${ts}`)).records.length, 1)
  assert.equal((await find(`since:2020-01-01 until:2020-01-02`)).records.length, 0)
  assert.equal((await find(`until:${ts}`)).records.length, 2)
  assert.equal(search.state().lag, 0)
  await close()
  await assert.rejects(find('x'), { code: 'search.unavailable' })
})

test('the language: keys, quotes, times and words, and errors that say where', () => {
  const read = (text: string) => parseSearch(text, NOW)
  assert.deepEqual(read('agent:a  "two words" system:"b c" Über-Weisung'), {
    terms: [
      ['agent', 'a'],
      ['word', 'two'],
      ['word', 'words'],
      ['system', 'b c'],
      ['word', 'über'],
      ['word', 'weisung'],
    ],
  })
  assert.deepEqual(read('since:2h until:2026-11-23T11:30:00Z'), {
    terms: [],
    since: NOW - 7_200_000,
    until: Date.UTC(2026, 10, 23, 11, 30),
  })
  for (const [text, where] of [
    ['agent:', /character 1\b/],
    ['agent:a colour:b', /character 9\b/],
    ['agent:a "open', /quote/],
    ['since:yesterday', /time is like/],
    ['x '.repeat(20), /16 conditions/],
    ['x'.repeat(1_001), /too long/],
  ] as const) {
    assert.throws(() => read(text), { code: 'search.query', message: where }, text)
  }
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      try {
        read(text)
      } catch (error) {
        assert.equal((error as { code: unknown }).code, 'search.query')
      }
      assert.ok(words(text).every((word) => word.length <= 40))
    }),
  )
})

test('whatever an agent plants, the index takes it up and a search for it is one for text', async (t) => {
  const { log, find, close } = await open(t)
  const planted = [
    '" OR 1=1 --',
    '* NEAR(a b)',
    '\u202Eabc',
    'x'.repeat(5_000),
    '%',
    '\u0000',
    '😀'.repeat(99),
  ]
  for (const action of planted) await log.append({ ...draft(1), action })
  await log.append(draft(3))
  await log.flush()
  assert.equal((await find('refund')).records.length, 1)
  for (const text of ['1=1', 'near', 'abc', '%']) {
    for (const { index } of (await find(text)).records) {
      const [one] = log.read(index, 1)
      assert.ok(one !== undefined && matches(parseSearch(text, NOW), one.record))
    }
  }
  await close()
})
