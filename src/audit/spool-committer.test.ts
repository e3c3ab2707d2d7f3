// Holds the tests of the spool's committer: what it says is durable is, in order, and what finds no room waits instead of being lost.

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { HalfBegun, NoRoom, systemDisk, type SpoolDisk } from './segment-file.ts'
import { SEGMENT_HEAD, segmentName } from './segment.ts'
import {
  SpoolCommitter,
  type SpoolFailure,
  type SpoolNews,
  type SpoolOrder,
} from './spool-committer.ts'
import { SpoolCursor } from './spool-cursor.ts'
import { chunkOf, temporaryHome } from './testbed.test.ts'

const SEGMENT = 131_072

/** A committer over a disk that a test can fill, with all that it has said. */
class Bench {
  readonly directory: string
  readonly said: SpoolNews[] = []
  readonly committer: SpoolCommitter
  /** Orders that are there when it asks for the next. */
  readonly waiting: SpoolOrder[] = []
  full = false
  /** A segment that is begun stays as it is. */
  half = false
  free = Number.MAX_SAFE_INTEGER
  reserves = 0

  constructor(directory: string) {
    this.directory = directory
    const room = async (work: () => Promise<void>): Promise<void> => {
      if (this.full) throw new Error('ENOSPC')
      await work()
    }
    const disk: SpoolDisk = {
      activate: (at, segment, bytes) => {
        if (this.full) throw new NoRoom('the disk is full')
        if (this.half) throw new HalfBegun('it stays')
        return systemDisk.activate(at, segment, bytes)
      },
      reserve: (at, bytes, signal) => {
        this.reserves += 1
        return room(() => systemDisk.reserve(at, bytes, signal))
      },
      keep: (at, bytes, signal) => room(() => systemDisk.keep(at, bytes, signal)),
      free: () => this.free,
    }
    this.committer = new SpoolCommitter({
      options: {
        directory,
        gateway: 'gw',
        boot: 'boot-1',
        key: 'k',
        segmentBytes: SEGMENT,
        keptBytes: SEGMENT,
        first: 1,
      },
      disk,
      say: (news) => this.said.push(news),
      next: () => this.waiting.shift(),
    })
  }

  /** How many chunks it has called durable. */
  get durable(): number {
    return this.of('durable').reduce((sum, { chunks }) => sum + chunks, 0)
  }

  of<K extends SpoolNews['kind']>(kind: K): (SpoolNews & { kind: K })[] {
    return this.said.filter((one): one is SpoolNews & { kind: K } => one.kind === kind)
  }

  /** What a reader finds up to where it said that it is durable. */
  read(): string[] {
    const goal = this.of('durable').at(-1)!.batch.position
    const cursor = new SpoolCursor(this.directory, { segment: 1, offset: SEGMENT_HEAD })
    const texts: string[] = []
    for (let batch = cursor.next(goal); batch !== undefined; batch = cursor.next(goal)) {
      texts.push(...batch.map((payload) => payload.toString('latin1').slice(0, 8)))
    }
    cursor.close()
    return texts
  }

  /** Waits until nothing is being prepared. */
  async settled(): Promise<void> {
    const before = this.of('room').length
    while (this.of('room').length === before) await new Promise((turn) => setTimeout(turn, 5))
  }
}

function chunk(text: string, bytes = 0): SpoolOrder {
  return { kind: 'chunk', frames: chunkOf([Buffer.from(text.padEnd(Math.max(bytes, 8), '.'))]) }
}

test('whatever has come in by now shares one batch, and is called durable in its order', async (t) => {
  const bench = new Bench(temporaryHome(t))
  assert.equal(bench.said[0]?.kind, 'opened')
  bench.waiting.push(chunk('two'), chunk('three'))
  assert.equal(bench.committer.obey(chunk('one')), true)
  assert.deepEqual(
    bench.of('durable').map(({ chunks }) => chunks),
    [3],
  )
  bench.committer.obey(chunk('four'))
  assert.deepEqual(bench.read(), ['one.....', 'two.....', 'three...', 'four....'])
  await bench.settled()
  assert.equal(bench.committer.obey({ kind: 'close' }), false)
})

test('INV-1 what is closed over has been made durable first, and what comes behind is not taken', (t) => {
  const bench = new Bench(temporaryHome(t))
  bench.waiting.push({ kind: 'close' }, chunk('late'))
  assert.equal(bench.committer.obey(chunk('one')), false)
  assert.equal(bench.durable, 1)
  assert.deepEqual(bench.read(), ['one.....'])
})

test('INV-1 where no next segment is to be had, records wait, unacknowledged, and are durable in their order once there is room', async (t) => {
  const bench = new Bench(temporaryHome(t))
  await bench.settled()
  bench.full = true
  rmSync(join(bench.directory, 'reserve'), { force: true })
  for (let i = 0; i < 5; i++) assert.equal(bench.committer.obey(chunk(`c${i}`, 40_000)), true)
  const before = bench.durable
  assert.ok(before >= 2 && before < 5, `${before} fit the first segment`)
  assert.match(bench.of('room').at(-1)?.room.problem ?? '', /the disk is full/)
  // Small ones must not overtake: the order of a gateway is part of what is promised.
  bench.committer.obey(chunk('small'))
  assert.equal(bench.durable, before)
  assert.equal(bench.committer.look(), true)
  assert.equal(bench.durable, before)
  bench.full = false
  assert.equal(bench.committer.look(), true)
  assert.equal(bench.durable, 6)
  assert.deepEqual(
    bench.read().map((text) => text.slice(0, 2)),
    ['c0', 'c1', 'c2', 'c3', 'c4', 'sm'],
  )
  assert.equal(bench.of('failed').length, 0)
  await bench.settled()
  bench.committer.obey({ kind: 'close' })
})

test('INV-1 a volume that fills up is told of before a segment is full, and calls come back only with room for two', async (t) => {
  const bench = new Bench(temporaryHome(t))
  await bench.settled()
  const problem = (): string | undefined => {
    bench.committer.look()
    return bench.of('room').at(-1)?.room.problem
  }
  assert.equal(problem(), undefined)
  bench.free = SEGMENT - 1
  assert.match(problem() ?? '', /only 0 MiB are free/)
  bench.free = SEGMENT + 1
  assert.notEqual(problem(), undefined, 'they do not come and go')
  bench.free = 2 * SEGMENT
  assert.equal(problem(), undefined)
  bench.committer.obey({ kind: 'close' })
})

test('INV-1 a reserve that cannot be made is a problem at once, and is made when it can be, one at a time', async (t) => {
  const bench = new Bench(temporaryHome(t))
  bench.full = true
  await bench.settled()
  assert.match(bench.of('room').at(-1)?.room.problem ?? '', /next segment cannot be made/)
  bench.full = false
  for (let i = 0; i < 3; i++) bench.committer.look()
  const { reserves } = bench
  while (bench.of('room').at(-1)?.room.next !== true) await bench.settled()
  assert.equal(bench.of('room').at(-1)?.room.problem, undefined)
  assert.ok(bench.reserves - reserves <= 1, 'two would fill the same draft')
  bench.committer.obey({ kind: 'close' })
})

test('INV-1 a removed file acknowledges nothing: it says so with every record that is not durable, and is dead', async (t) => {
  const bench = new Bench(temporaryHome(t))
  bench.committer.obey(chunk('one'))
  await bench.settled()
  rmSync(join(bench.directory, segmentName(1)))
  bench.waiting.push(chunk('three'))
  assert.equal(bench.committer.obey(chunk('two')), false)
  assert.equal(bench.durable, 1)
  const [failed] = bench.of('failed') as SpoolFailure[]
  assert.match(failed?.reason ?? '', /the spool file was removed/)
  const unwritten = failed?.rest?.unwritten.map((frames) => Buffer.from(frames).toString('latin1'))
  assert.deepEqual(
    unwritten?.map((text) => /[a-z]{3,5}\.+/.exec(text)?.[0]),
    ['two.....', 'three...'],
  )
  assert.equal(failed?.rest?.end.segment, 1)
})

test('INV-1 in another folder records go on behind the end of the first; a folder that takes none changes nothing', async (t) => {
  const bench = new Bench(temporaryHome(t))
  const other = temporaryHome(t)
  bench.committer.obey(chunk('one'))
  bench.committer.obey({ kind: 'move', directory: join(other, 'nothing') })
  assert.match(bench.of('moved')[0]?.problem ?? '', /ENOENT/)
  bench.waiting.push({ kind: 'move', directory: other }, chunk('three'))
  bench.committer.obey(chunk('two'))
  assert.deepEqual([bench.of('moved').at(-1)?.problem, bench.durable], [undefined, 3])
  const [, second, third] = bench.of('durable')
  assert.deepEqual([second?.batch.position.segment, third?.batch.position.segment], [1, 2])
  await bench.settled()
  bench.committer.obey({ kind: 'close' })
})

test('INV-1 a move that leaves a segment which cannot be taken away ends the writing, and is not said to have stayed', async (t) => {
  const bench = new Bench(temporaryHome(t))
  await bench.settled()
  bench.half = true
  assert.equal(bench.committer.obey({ kind: 'move', directory: temporaryHome(t) }), false)
  assert.deepEqual(bench.of('moved'), [])
  assert.equal(bench.of('failed').length, 1)
  bench.committer.obey({ kind: 'chunk', frames: chunkOf([Buffer.from('late')]) })
  assert.equal(bench.durable, 0)
})
