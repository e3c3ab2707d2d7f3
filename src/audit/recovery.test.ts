// Holds the test that no crash loses, repeats or reorders an acknowledged record: a model of spool, sequencer and disk.

import assert from 'node:assert/strict'
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import fc from 'fast-check'

import { utf8 } from '../std/bytes.ts'
import { systemClock } from '../std/clock.ts'
import { systemEntropy } from '../std/entropy.ts'
import { formatCheckpoint } from '../tlog/checkpoint.ts'
import { signNote } from '../tlog/note.ts'
import { Envelope } from './envelope.ts'
import { LogFolder } from './log-folder.ts'
import { readEntries } from './log-reader.ts'
import { openLogKey, type LogKey } from './log-key.ts'
import { systemDisk } from './segment-file.ts'
import { segmentName, type Position } from './segment.ts'
import { Sequencer } from './sequencer.ts'
import { shardOrigin } from './shard.ts'
import { scanSpool } from './spool-scan.ts'
import { SpoolWriter } from './spool-writer.ts'
import { chunkOf, intent, logSigner, temporaryHome } from './testbed.test.ts'
import { verifyLog } from './verify.ts'

const ORIGIN = 'audit.test/log'
const BOOT = '01a204f2-383b-7306-a4c7-0552c2623573'

/** One home and what it has acknowledged. Each method is something that happens to a gateway. */
class Life {
  readonly home: string
  readonly key: LogKey
  readonly acknowledged: string[] = []
  /** Ids of records that were written and never acknowledged: the log may hold them or not. */
  readonly unacknowledged = new Set<string>()
  readonly #envelope = new Envelope('gw', BOOT, systemClock, systemEntropy)
  #sequencer!: Sequencer
  #writer!: SpoolWriter

  constructor(home: string) {
    this.home = home
    this.key = openLogKey(home, ORIGIN, logSigner())
    this.open()
  }

  get #options(): { home: string; origin: string; vkey: string } {
    return { home: this.home, origin: ORIGIN, vkey: this.key.vkey }
  }

  /** Starts as `openAuditLog` does: scan, sequence all, go on in a new segment. */
  open(): void {
    const directory = join(this.home, 'spool')
    this.#sequencer = new Sequencer(this.#options)
    const { size, position } = this.#sequencer.head
    const { end } = scanSpool(directory, position, size)
    if (end !== undefined) {
      while (this.#sequencer.step({ segment: end.segment, offset: end.end }));
    }
    const first = (end?.segment ?? 0) + 1
    const settings = {
      directory,
      gateway: 'gw',
      boot: BOOT,
      key: 'k',
      segmentBytes: 131_072,
      keptBytes: 32_768,
      first,
    }
    this.#writer = new SpoolWriter(
      end === undefined ? settings : { ...settings, previous: end },
      systemDisk,
    )
  }

  append(count: number, size: number): void {
    const texts = Array.from(
      { length: count },
      () => this.#envelope.seal(intent('c', { fill: 'x'.repeat(size) })).text,
    )
    let chunks = Array.from({ length: Math.ceil(count / 50) }, (_, i) =>
      chunkOf(texts.slice(i * 50, i * 50 + 50).map(utf8)),
    )
    while (chunks.length > 0) chunks = chunks.slice(this.#writer.flush(chunks).chunks)
    this.acknowledged.push(...texts.map(idOf))
  }

  sequence(): void {
    this.#sequencer.step(this.#writer.position)
  }

  publish(): void {
    for (const { name, size, root } of this.#sequencer.head.shards) {
      const body = formatCheckpoint({ origin: shardOrigin(ORIGIN, name), size, root })
      this.#sequencer.publish(name, size, signNote(body, [this.key.shard(name)]))
    }
  }

  /** Power fails while a batch is being written: part of it reaches the disk, or all of it and the acknowledgement does not. */
  tear(keep: number, garble: boolean): void {
    const { segment, offset } = this.#writer.position
    const { text } = this.#envelope.seal(intent('torn', { fill: 'y'.repeat(500) }))
    const end = this.#flushUnacknowledged(text)
    const path = join(this.home, 'spool', segmentName(end.segment))
    const bytes = readFileSync(path)
    const start = end.segment === segment ? offset : 4096
    const place = start + Math.floor((keep * (end.offset - start)) / 100)
    if (garble && place < end.offset) bytes[place] = (bytes[place] ?? 0) ^ 0xff
    else bytes.fill(0, place)
    writeFileSync(path, bytes)
    this.crash()
  }

  /** The process dies between making tiles durable and committing them: the database never heard of the step. */
  loseCommit(): void {
    const names = readdirSync(this.home).filter((name) => name.startsWith('log-state.sqlite'))
    for (const name of names) copyFileSync(join(this.home, name), join(this.home, `kept-${name}`))
    const before = this.#sequencer.head.position
    this.#sequencer.step(this.#writer.position)
    const after = this.#sequencer.head.position
    this.#sequencer.close()
    this.#writer.close()
    // A step that also dropped a segment had committed before it did.
    if (before.segment === after.segment) {
      for (const name of readdirSync(this.home).filter((each) =>
        each.startsWith('log-state.sqlite'),
      )) {
        rmSync(join(this.home, name))
      }
      for (const name of names) copyFileSync(join(this.home, `kept-${name}`), join(this.home, name))
    }
    this.open()
  }

  crash(): void {
    this.#sequencer.close()
    this.#writer.close()
    this.open()
  }

  /** Stops in good order and looks at what the world can see. */
  async verify(): Promise<void> {
    while (this.#sequencer.step(this.#writer.position));
    this.publish()
    const { size, shards } = this.#sequencer.head
    const folder = new LogFolder(join(this.home, 'log'))
    const all = Array.from({ length: size }, (_, i) => i)
    const entries = readEntries(folder, shards, all).map(({ entry }) =>
      idOf(Buffer.from(entry).toString()),
    )
    assert.deepEqual(
      entries.filter((entry) => !this.unacknowledged.has(entry)),
      this.acknowledged,
    )
    assert.equal(new Set(entries).size, entries.length)
    this.#sequencer.close()
    this.#writer.close()
    // Before the first record there is no shard, and nothing to verify.
    if (size === 0) return
    const report = await verifyLog({ directory: folder.directory, vkey: this.key.vkey })
    // Torn records used up numbers here, which a real boot would not go on counting from.
    assert.deepEqual(
      report.findings.filter(({ code }) => code !== 'audit.verify_gap'),
      [],
    )
  }

  #flushUnacknowledged(text: string): Position {
    this.unacknowledged.add(idOf(text))
    return this.#writer.flush([chunkOf([utf8(text)])]).position
  }
}

function idOf(text: string): string {
  return /"id":"([^"]*)"/.exec(text)?.[1] ?? ''
}

const event = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant('append'), fc.nat(300), fc.nat(200)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('sequence'), fc.nat(0), fc.nat(0)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('publish'), fc.nat(0), fc.nat(0)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('tear'), fc.nat(100), fc.nat(1)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('crash'), fc.nat(0), fc.nat(0)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('loseCommit'), fc.nat(0), fc.nat(0)) },
)

/** Power fails while the first batch of a new segment is being written: that segment then holds nothing. */
const TORN_AT_THE_START: ['append' | 'tear', number, number][] = [
  ['append', 112, 125],
  ['append', 39, 78],
  ['append', 129, 76],
  ['tear', 0, 0],
]

test('INV-7 whatever happens in whatever order, the log holds what was acknowledged, once, in order', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 20 }), async (events) => {
      const home = temporaryHome(t)
      const life = new Life(home)
      for (const [kind, a, b] of events) {
        if (kind === 'append') life.append(1 + a, b)
        else if (kind === 'sequence') life.sequence()
        else if (kind === 'publish') life.publish()
        else if (kind === 'tear') life.tear(a, b === 1)
        else if (kind === 'crash') life.crash()
        else life.loseCommit()
      }
      await life.verify()
      rmSync(home, { recursive: true })
    }),
    { numRuns: 40, examples: [[TORN_AT_THE_START]] },
  )
})
