// Holds the tests of the spool's writer, against a real disk and against one that fails.

import assert from 'node:assert/strict'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import fc from 'fast-check'

import { systemDisk, type SegmentFile, type SpoolDisk } from './segment-file.ts'
import { SEGMENT_HEAD, segmentName, type Position } from './segment.ts'
import { SpoolCursor } from './spool-cursor.ts'
import { SpoolWriter } from './spool-writer.ts'
import { chunkOf, temporaryHome } from './testbed.test.ts'

const settings = {
  gateway: 'gw',
  boot: 'boot-1',
  key: 'k',
  segmentBytes: 131_072,
  keptBytes: 32_768,
  first: 1,
}

function readAll(directory: string, goal: Position): string[] {
  const cursor = new SpoolCursor(directory, { segment: 1, offset: SEGMENT_HEAD })
  const texts: string[] = []
  for (let batch = cursor.next(goal); batch !== undefined; batch = cursor.next(goal)) {
    texts.push(...batch.map((payload) => payload.toString('latin1')))
  }
  cursor.close()
  return texts
}

test('what was flushed is read in order, across segments', async (t) => {
  const sizes = fc.array(
    fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 6 }),
    {
      minLength: 1,
      maxLength: 12,
    },
  )
  await fc.assert(
    fc.asyncProperty(sizes, async (batches) => {
      const directory = temporaryHome(t)
      const writer = new SpoolWriter({ ...settings, directory }, systemDisk)
      const expected: string[] = []
      for (const batch of batches) {
        let chunks = batch.map((size, i) => {
          expected.push(String(i % 10).repeat(size))
          return chunkOf([Buffer.from(expected.at(-1) ?? '')])
        })
        while (chunks.length > 0) chunks = chunks.slice(writer.flush(chunks).chunks)
      }
      assert.deepEqual(readAll(directory, writer.position), expected)
      writer.close()
      rmSync(directory, { recursive: true })
    }),
    { numRuns: 20 },
  )
})

test('the reserve becomes the next segment', async (t) => {
  const directory = temporaryHome(t)
  const writer = new SpoolWriter({ ...settings, directory }, systemDisk)
  await systemDisk.reserve(directory, settings.segmentBytes)
  for (let i = 0; i < 4; i++) writer.flush([chunkOf([Buffer.alloc(50_000, 65)])])
  assert.equal(writer.position.segment, 2)
  assert.equal(readAll(directory, writer.position).length, 4)
})

test('a removed and a replaced file are noticed before anything is acknowledged', (t) => {
  for (const replace of [false, true]) {
    const directory = temporaryHome(t)
    const writer = new SpoolWriter({ ...settings, directory }, systemDisk)
    writer.flush([chunkOf([Buffer.from('one')])])
    const path = join(directory, segmentName(1))
    rmSync(path)
    if (replace) writeFileSync(path, '')
    assert.throws(() => writer.flush([chunkOf([Buffer.from('two')])]), /removed|replaced/)
  }
})

test('a failed fdatasync acknowledges nothing and is not tried again', (t) => {
  let syncs = 0
  const breaking = (file: SegmentFile): SegmentFile => ({
    ...file,
    sync() {
      syncs += 1
      // The first sync is the header's.
      if (syncs > 2) throw new Error('EIO')
      file.sync()
    },
  })
  const disk: SpoolDisk = {
    activate: (directory, segment, bytes) =>
      breaking(systemDisk.activate(directory, segment, bytes)),
    reserve: (directory, bytes) => systemDisk.reserve(directory, bytes),
    keep: (directory, bytes) => systemDisk.keep(directory, bytes),
    free: (directory) => systemDisk.free(directory),
  }
  const writer = new SpoolWriter({ ...settings, directory: temporaryHome(t) }, disk)
  writer.flush([chunkOf([Buffer.from('one')])])
  const before = writer.position
  assert.throws(() => writer.flush([chunkOf([Buffer.from('two')])]), /EIO/)
  assert.equal(syncs, 3)
  assert.deepEqual(writer.position, before)
})

test('INV-1 a move that fails leaves no segment that would end the chain before what is written next', (t) => {
  const directory = temporaryHome(t)
  const other = temporaryHome(t)
  const refused = (): never => {
    throw new Error('EIO')
  }
  const disk: SpoolDisk = {
    ...systemDisk,
    activate(at, segment, bytes) {
      const file = systemDisk.activate(at, segment, bytes)
      return at === other ? { ...file, sync: refused } : file
    },
  }
  const writer = new SpoolWriter({ ...settings, directory }, disk)
  assert.throws(() => writer.move(other), /EIO/)
  assert.deepEqual(readdirSync(other), [])
  writer.flush([chunkOf([Buffer.from('one')])])
  assert.equal(writer.directory, directory)
})

test('a segment that exists is never written over', (t) => {
  const directory = temporaryHome(t)
  writeFileSync(join(directory, segmentName(1)), 'something')
  assert.throws(() => new SpoolWriter({ ...settings, directory }, systemDisk), /exists/)
})

test('a chunk that no segment can hold is an error, not an empty batch', (t) => {
  const writer = new SpoolWriter({ ...settings, directory: temporaryHome(t) }, systemDisk)
  assert.throws(() => writer.flush([chunkOf([Buffer.alloc(130_000)])]), /larger than a segment/)
})

test('a reserve that is given up leaves nothing behind', async (t) => {
  const directory = temporaryHome(t)
  const ending = new AbortController()
  const reserve = systemDisk.reserve(directory, 1 << 30, ending.signal)
  ending.abort()
  await assert.rejects(reserve)
  assert.deepEqual(readdirSync(directory), [])
})
