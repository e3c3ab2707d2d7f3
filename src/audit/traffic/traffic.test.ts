// Holds tests of kept calls: they come back as they were, nothing grows, and what was changed or dropped shows.

import assert from 'node:assert/strict'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemEntropy } from '../../std/entropy.ts'
import { JsonNumber, stringifyJson } from '../../std/json.ts'
import { sealerOf } from '../../keys/sealer.ts'
import type { RecordDraft } from '../../wire/record.ts'
import type { TrafficEntry } from '../../wire/traffic.ts'
import { FakeClock } from '../../../test/fakes/clock.ts'
import { FakeSubjects } from '../../../test/fakes/subjects.ts'
import { FakeTimer } from '../../../test/fakes/identity.ts'
import { trafficSince, type TrafficBatch, type TrafficPlace } from './read.ts'
import { Traffic, type TrafficPorts } from './traffic.ts'

const DAY = 86_400_000

class Kept {
  readonly folder: string
  readonly clock = new FakeClock()
  readonly timer = new FakeTimer()
  readonly keys = sealerOf(systemEntropy.bytes(32), systemEntropy)
  readonly subjects = new FakeSubjects()
  readonly records: RecordDraft[] = []
  readonly troubles: unknown[] = []

  constructor(t: TestContext) {
    const home = mkdtempSync(join(tmpdir(), 'bailiwick-traffic-'))
    t.after(() => rmSync(home, { recursive: true, force: true }))
    this.folder = join(home, 'traffic')
  }

  open(more: Partial<TrafficPorts> = {}): Traffic {
    return new Traffic({
      folder: this.folder,
      keys: this.keys,
      subjects: this.subjects,
      clock: this.clock,
      timer: this.timer,
      entropy: systemEntropy,
      audit: {
        append: (draft) => {
          this.records.push(draft)
          return Promise.resolve({ id: '', leaf: '', ts: '' })
        },
      },
      days: 30,
      bytes: 1_048_576,
      onTrouble: (error) => this.troubles.push(error),
      ...more,
    })
  }

  entry(at: number, input: TrafficEntry['request']['input'] = { n: at }): TrafficEntry {
    return {
      call: `call-${at}`,
      answer: 'deny',
      by: ['no-refunds'],
      policySet: 'sha256:set',
      request: {
        agent: { instance: 'i', name: 'bot', roles: ['r'] },
        system: 'money',
        action: 'refund',
        input,
        effects: ['write'],
        now: this.clock.now(),
        setAside: new Set(['never kept']),
      },
    }
  }

  read(from?: TrafficPlace, since = 0): TrafficBatch[] {
    return [
      ...trafficSince(
        { folder: this.folder, keys: this.keys, subjects: this.subjects, entropy: systemEntropy },
        since,
        from,
      ),
    ]
  }

  calls(since = 0): string[] {
    return this.read(undefined, since).flatMap(({ entries }) => entries.map(({ call }) => call))
  }

  files(): string[] {
    return readdirSync(this.folder).sort()
  }
}

test('calls come back in order, with every digit of their arguments, and nothing that was set aside', async (t) => {
  const kept = new Kept(t)
  const traffic = kept.open()
  const input = { n: new JsonNumber('9007199254740993.10'), 'näme\u2028': ['"', null, true] }
  for (let at = 0; at < 200; at++) traffic.keep(kept.entry(at, input))
  await traffic.close()
  const entries = kept.read().flatMap((batch) => batch.entries)
  assert.deepEqual(
    entries.map(({ call }) => call),
    Array.from({ length: 200 }, (_, at) => `call-${at}`),
  )
  const [first] = entries
  assert.equal(stringifyJson(first!.request.input), stringifyJson(input))
  assert.deepEqual([...first!.request.setAside], [])
  assert.deepEqual(first!.by, ['no-refunds'])
  assert.deepEqual(kept.troubles, [])
})

test('a reader goes on from any frame, also in the next file', async (t) => {
  const kept = new Kept(t)
  for (const run of [0, 1, 2]) {
    const traffic = kept.open()
    for (let at = 0; at < 70; at++) traffic.keep(kept.entry(run * 100 + at))
    await traffic.close()
  }
  assert.equal(kept.files().length, 3)
  const whole = kept.calls()
  assert.equal(whole.length, 210)
  const batches = kept.read()
  for (const [at, { next }] of batches.entries()) {
    const rest = kept.read(next).flatMap(({ entries }) => entries.map(({ call }) => call))
    const read = batches.slice(0, at + 1).flatMap(({ entries }) => entries).length
    assert.deepEqual(rest, whole.slice(read))
  }
})

test('nothing of a call stands on disk in the clear, and the files are ours alone', async (t) => {
  const kept = new Kept(t)
  const traffic = kept.open()
  traffic.keep(kept.entry(1, { secret: 'hunter2-hunter2' }))
  await traffic.close()
  const path = join(kept.folder, kept.files()[0]!)
  const bytes = readFileSync(path)
  for (const word of ['hunter2', 'refund', 'no-refunds', 'bot"']) assert.ok(!bytes.includes(word))
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(statSync(kept.folder).mode & 0o777, 0o700)
})

test('a torn tail loses its frame alone; frames that were changed, moved or taken show', async (t) => {
  const kept = new Kept(t)
  const traffic = kept.open()
  for (let at = 0; at < 64 * 3; at++) traffic.keep(kept.entry(at))
  await traffic.close()
  const path = join(kept.folder, kept.files()[0]!)
  const whole = readFileSync(path)
  const ends = kept.read().map(({ next }) => next.offset)
  truncateSync(path, whole.length - 5)
  assert.equal(kept.calls().length, 128)
  const changed = Buffer.from(whole)
  changed[ends[0]! + 40] = changed[ends[0]! + 40]! ^ 1
  writeFileSync(path, changed)
  assert.deepEqual(
    kept.read().map(({ damaged, entries }) => [damaged, entries.length]),
    [
      [0, 64],
      [1, 0],
      [0, 64],
    ],
  )
  // The second frame in place of the first: both were written by us, neither where it stands.
  const [a, b] = [ends[0]!, ends[1]!]
  writeFileSync(path, Buffer.concat([whole.subarray(0, a), whole.subarray(b)]))
  assert.deepEqual(
    kept.read().map(({ damaged }) => damaged),
    [0, 1],
  )
  // Under another name nothing of it opens.
  writeFileSync(path, whole)
  writeFileSync(join(kept.folder, kept.files()[0]!.replace('-1.', '-2.')), whole)
  const second = kept.read().slice(3)
  assert.deepEqual(
    second.map(({ damaged, entries }) => [damaged, entries.length]),
    [[1, 0]],
  )
})

test('whatever lies in the folder besides is passed over', async (t) => {
  const kept = new Kept(t)
  const traffic = kept.open()
  traffic.keep(kept.entry(1))
  await traffic.close()
  writeFileSync(join(kept.folder, 'x.traffic'), 'x')
  writeFileSync(join(kept.folder, '2026-01-01-1.traffic.new'), 'x')
  writeFileSync(join(kept.folder, '2999-01-01-1.traffic'), '')
  writeFileSync(join(kept.folder, '2999-01-01-2.traffic'), '\xff\xff\xff\xff')
  assert.deepEqual(kept.calls(), ['call-1'])
})

test('days go at their end, and the oldest files where there are too many bytes', async (t) => {
  const kept = new Kept(t)
  for (let day = 0; day < 40; day++) {
    const traffic = kept.open()
    traffic.keep(kept.entry(day))
    await traffic.close()
    kept.clock.advance(DAY)
  }
  kept.open()
  assert.deepEqual(
    kept.calls(),
    Array.from({ length: 30 }, (_, at) => `call-${at + 10}`),
  )
  const size = kept.open().size()
  kept.open({ bytes: Math.ceil(size / 3) })
  const left = kept.calls()
  assert.ok(left.length >= 8 && left.length <= 10, `${left.length}`)
  assert.equal(left.at(-1), 'call-39')
  kept.open({ days: 1 })
  assert.deepEqual(kept.calls(), ['call-39'])
})

test('what there is no room for is dropped, counted exactly, recorded, and told to whoever reads', async (t) => {
  const kept = new Kept(t)
  const traffic = kept.open()
  for (let at = 0; at < 10_000; at++) traffic.keep(kept.entry(at))
  await traffic.flush()
  traffic.keep(kept.entry(10_001))
  await traffic.close()
  const batches = kept.read()
  const read = batches.reduce((sum, { entries }) => sum + entries.length, 0)
  const dropped = batches.reduce((sum, one) => sum + one.dropped, 0)
  assert.equal(read, 8_193)
  assert.equal(dropped, 10_000 - 8_192)
  assert.deepEqual(
    kept.records.map(({ type, body }) => [type, body]),
    [['traffic.dropped', { dropped: 1_808, kept: 8_193 }]],
  )
})

test('large arguments cannot fill memory either', async (t) => {
  const kept = new Kept(t)
  const traffic = kept.open({ bytes: 1e9 })
  const text = 'x'.repeat(1_000_000)
  for (let at = 0; at < 40; at++) traffic.keep(kept.entry(at, { text }))
  await traffic.close()
  const read = kept.calls().length
  assert.ok(read >= 15 && read <= 17, `${read}`)
})

test('a folder that cannot be written to costs calls nothing but being kept', async (t) => {
  const kept = new Kept(t)
  const traffic = kept.open()
  rmSync(kept.folder, { recursive: true })
  writeFileSync(kept.folder, 'a file stands in the way')
  for (let at = 0; at < 100; at++) traffic.keep(kept.entry(at))
  await traffic.flush()
  assert.equal(kept.troubles.length, 1)
  await traffic.close()
  assert.deepEqual(kept.records[0]?.body, { dropped: 100, kept: 0 })
})

test('with no days nothing is kept', async (t) => {
  const kept = new Kept(t)
  const traffic = kept.open({ days: 0 })
  traffic.keep(kept.entry(1))
  await traffic.close()
  assert.deepEqual(kept.calls(), [])
})
