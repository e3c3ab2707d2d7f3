// Holds the tests of where a spool ends that somebody left: a torn tail is cut, damage before it is refused.

import assert from 'node:assert/strict'
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import fc from 'fast-check'

import { systemDisk } from './segment-file.ts'
import { SEGMENT_HEAD, segmentName, type Position } from './segment.ts'
import { scanSpool } from './spool-scan.ts'
import { SpoolWriter } from './spool-writer.ts'
import { chunkOf, temporaryHome } from './testbed.test.ts'

const START: Position = { segment: 1, offset: SEGMENT_HEAD }
const settings = {
  gateway: 'gw',
  boot: 'boot-1',
  key: 'k',
  segmentBytes: 131_072,
  keptBytes: 32_768,
  first: 1,
}

/** Writes one batch per text and gives the end of each. */
function write(directory: string, texts: readonly string[]): Position[] {
  const writer = new SpoolWriter({ ...settings, directory }, systemDisk)
  const ends = texts.map((text) => writer.flush([chunkOf([Buffer.from(text)])]).position)
  writer.close()
  return ends
}

const corrupt = { code: 'audit.corrupt' }

test('an empty spool of an empty log is a fresh start', (t) => {
  assert.deepEqual(scanSpool(temporaryHome(t), START, 0), { torn: 0 })
})

test('a whole spool ends behind its last batch', (t) => {
  const directory = temporaryHome(t)
  const ends = write(directory, ['one', 'two'])
  const scan = scanSpool(directory, START, 0)
  assert.equal(scan.end?.end, ends[1]?.offset)
  assert.equal(scan.torn, 0)
})

test('a batch that is cut or garbled at the end is torn; one with a good batch behind it is damage', (t) => {
  const texts = fc.array(fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme-ascii' }), {
    minLength: 2,
    maxLength: 8,
  })
  fc.assert(
    fc.property(texts, fc.nat(), fc.nat(), fc.boolean(), (given, which, where, cut) => {
      const directory = temporaryHome(t)
      const ends = [START, ...write(directory, given)]
      const path = join(directory, segmentName(1))
      const victim = which % given.length
      const from = ends[victim]?.offset ?? 0
      const at = from + (where % ((ends[victim + 1]?.offset ?? 0) - from))
      if (cut) truncateSync(path, at)
      else {
        const bytes = readFileSync(path)
        bytes[at] = (bytes[at] ?? 0) ^ 0x40
        writeFileSync(path, bytes)
      }
      if (cut || victim === given.length - 1) {
        assert.equal(scanSpool(directory, START, 0).end?.end, from)
      } else {
        assert.throws(() => scanSpool(directory, START, 0), corrupt)
      }
      rmSync(directory, { recursive: true })
    }),
    { numRuns: 60 },
  )
})

test('what the log had read already may not be missing', (t) => {
  const directory = temporaryHome(t)
  const ends = write(directory, ['one', 'two'])
  truncateSync(join(directory, segmentName(1)), (ends[1]?.offset ?? 0) - 1)
  assert.throws(() => scanSpool(directory, ends[1] ?? START, 2), corrupt)
  rmSync(join(directory, segmentName(1)))
  assert.throws(() => scanSpool(directory, ends[0] ?? START, 2), { ...corrupt, message: /is gone/ })
  // Nothing of this spool is in the log yet: that is so at the beginning, and after a restore.
  assert.deepEqual(scanSpool(directory, START, 2), { torn: 0 })
})

test('a missing segment is named', (t) => {
  const directory = temporaryHome(t)
  const large = 'x'.repeat(60_000)
  const ends = write(directory, [large, large, large, large, large, large])
  assert.ok((ends.at(-1)?.segment ?? 0) >= 3)
  rmSync(join(directory, segmentName(2)))
  assert.throws(() => scanSpool(directory, START, 0), { ...corrupt, message: /0000000002\.seg/ })
})

test('a segment that was only about to begin is taken away', (t) => {
  const directory = temporaryHome(t)
  const ends = write(directory, ['one'])
  writeFileSync(join(directory, segmentName(2)), Buffer.alloc(settings.segmentBytes))
  assert.equal(scanSpool(directory, START, 0).end?.end, ends[0]?.offset)
  assert.equal(scanSpool(directory, START, 0).end?.segment, 1)
})
