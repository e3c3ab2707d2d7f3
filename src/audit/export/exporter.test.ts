// Holds the tests of one sink's way through the log: everything, in order, at least once, whatever the sink does.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'

import { FakeClock } from '../../../test/fakes/clock.ts'
import { systemClock } from '../../std/clock.ts'
import { systemEntropy } from '../../std/entropy.ts'
import { uuidv7 } from '../../std/id.ts'
import { utf8 } from '../../std/bytes.ts'
import { EMPTY_ROOT } from '../../tlog/hash.ts'
import { Envelope } from '../envelope.ts'
import { exportFault } from './faults.ts'
import { Exporter, type Reached } from './exporter.ts'
import type { ExportEvent, Sink, SinkState } from './sink.ts'

/** A log in memory that grows when it is told. */
class GrowingLog {
  readonly #envelope = new Envelope(
    'gw',
    uuidv7(systemClock, systemEntropy),
    systemClock,
    systemEntropy,
  )
  readonly #entries: Uint8Array[] = []

  add(type: string): void {
    this.#entries.push(utf8(this.#envelope.seal({ type, phase: 'admin', body: {} }).text))
  }

  size = (): number => this.#entries.length

  shards = () => [{ name: '2026h2', base: 0, size: this.#entries.length, root: EMPTY_ROOT }]

  entries = (index: number, limit: number) =>
    this.#entries.slice(index, index + limit).map((entry, i) => ({ index: index + i, entry }))
}

type Answer = 'ok' | 'later' | 'refuse'

/** A sink that does what a test says, and remembers what it has had. */
class ScriptedSink implements Sink {
  readonly had: number[] = []
  readonly settleMs: number
  answer: (batch: readonly ExportEvent[]) => Answer = () => 'ok'

  constructor(settleMs = 0) {
    this.settleMs = settleMs
  }

  async send(events: readonly ExportEvent[]): Promise<void> {
    await turn()
    const answer = this.answer(events)
    if (answer === 'later') throw exportFault('export.undelivered', 'not now')
    if (answer === 'refuse') throw exportFault('export.refused', 'never this')
    this.had.push(...events.map(({ index }) => index))
  }

  close = () => Promise.resolve()
}

function bench(sink: ScriptedSink, log = new GrowingLog(), select = ['*']) {
  const clock = new FakeClock()
  let waiting: (() => void) | undefined
  const timer = {
    after: (_ms: number, run: () => void) => {
      waiting = run
      return () => (waiting = undefined)
    },
  }
  const states: SinkState[] = []
  const reached: Reached[] = []
  const exporter = new Exporter({
    settings: { name: 'one', kind: 'file', path: '/x', format: 'record', rotate_mb: 1, select },
    sink,
    follower: log,
    origin: 'test/log',
    clock,
    timer,
    from: { next: 0, leaf: '' },
    changed: (state, at) => {
      states.push(state)
      reached.push(at)
    },
  })
  const quiet = async (): Promise<void> => {
    for (let i = 0; i < 50; i++) await turn()
  }
  const fire = async (): Promise<void> => {
    const run = waiting
    waiting = undefined
    run?.()
    await quiet()
  }
  return { exporter, log, clock, states, reached, quiet, fire, waits: () => waiting !== undefined }
}

test('everything in order, and more when the log grows', async () => {
  const sink = new ScriptedSink()
  const { exporter, log, quiet, reached } = bench(sink)
  for (let i = 0; i < 600; i++) log.add('a.b')
  exporter.wake()
  await quiet()
  log.add('a.c')
  exporter.wake()
  await quiet()
  assert.deepEqual(
    sink.had,
    Array.from({ length: 601 }, (_, i) => i),
  )
  assert.equal(reached.at(-1)?.next, 601)
  assert.match(reached.at(-1)?.leaf ?? '', /^[\w-]{43}$/)
  await exporter.close()
})

test('only what is selected goes out, and the cursor passes the rest', async () => {
  const sink = new ScriptedSink()
  const { exporter, log, quiet, reached } = bench(sink, new GrowingLog(), ['call.*', 'lock.added'])
  for (const type of ['call.intent', 'agent.x', 'lock.added', 'lock.removed', 'heartbeat'])
    log.add(type)
  exporter.wake()
  await quiet()
  assert.deepEqual(sink.had, [0, 2])
  assert.equal(reached.at(-1)?.next, 5)
  await exporter.close()
})

test('a sink that is away gets everything when it is back, and says so meanwhile', async () => {
  const sink = new ScriptedSink()
  sink.answer = () => 'later'
  const { exporter, log, quiet, states, fire, waits } = bench(sink)
  log.add('a.b')
  exporter.wake()
  await quiet()
  assert.equal(states.at(-1)?.problem, 'not now')
  assert.equal(waits(), true)
  // Growth does not make it knock more often.
  exporter.wake()
  sink.answer = () => 'ok'
  await fire()
  assert.deepEqual(sink.had, [0])
  assert.equal(states.at(-1)?.problem, undefined)
  await exporter.close()
})

test('an event that is refused is found, counted and left out; the others arrive', async () => {
  const sink = new ScriptedSink()
  sink.answer = (batch) => (batch.some(({ index }) => index === 137) ? 'refuse' : 'ok')
  const { exporter, log, quiet, states } = bench(sink)
  for (let i = 0; i < 300; i++) log.add('a.b')
  exporter.wake()
  await quiet()
  assert.deepEqual(
    sink.had,
    Array.from({ length: 300 }, (_, i) => i).filter((i) => i !== 137),
  )
  assert.equal(states.at(-1)?.refused, 1)
  await exporter.close()
})

test('without acknowledgements, what may have been lost is sent again', async () => {
  const sink = new ScriptedSink(5_000)
  const { exporter, log, quiet, fire, clock, reached } = bench(sink)
  log.add('a.b')
  exporter.wake()
  await quiet()
  assert.equal(reached.length, 0)
  clock.advance(5_000)
  await fire()
  assert.equal(reached.at(-1)?.next, 1)
  log.add('a.c')
  exporter.wake()
  await quiet()
  assert.deepEqual(sink.had, [0, 1])
  // The connection breaks within those seconds: the second is not certain.
  log.add('a.d')
  sink.answer = () => 'later'
  exporter.wake()
  await quiet()
  sink.answer = () => 'ok'
  await fire()
  assert.deepEqual(sink.had, [0, 1, 1, 2])
  await exporter.close()
})

test('a replay goes back', async () => {
  const sink = new ScriptedSink()
  const { exporter, log, quiet } = bench(sink)
  for (let i = 0; i < 4; i++) log.add('a.b')
  exporter.wake()
  await quiet()
  await exporter.replay(2)
  await quiet()
  assert.deepEqual(sink.had, [0, 1, 2, 3, 2, 3])
  await exporter.test(1)
  assert.equal(sink.had.at(-1), 1)
  await exporter.close()
})

test('whatever the sink answers, in whatever order, each event arrives at least once and the cursor never lies', async () => {
  const answers = fc.array(fc.constantFrom<Answer>('ok', 'ok', 'later'), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(answers, fc.array(fc.nat(40), { maxLength: 8 }), async (script, growth) => {
      const sink = new ScriptedSink()
      sink.answer = () => script.shift() ?? 'ok'
      const { exporter, log, quiet, fire, waits, reached } = bench(sink)
      for (const count of growth) {
        for (let i = 0; i < count; i++) log.add('a.b')
        exporter.wake()
        await quiet()
        // Nothing is counted as arrived that has not.
        const { next } = reached.at(-1) ?? { next: 0 }
        assert.deepEqual(new Set(sink.had.filter((i) => i < next)).size, next)
      }
      while (waits()) await fire()
      exporter.wake()
      await quiet()
      assert.equal(new Set(sink.had).size, log.size())
      assert.equal(reached.at(-1)?.next ?? 0, log.size())
      await exporter.close()
    }),
    { numRuns: 40 },
  )
})
