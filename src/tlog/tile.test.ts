// Holds the tests of tile paths: one spelling for each tile, and no other accepted.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { parseTilePath, tilePath, tileWidth, type TileRef } from './tile.ts'

const refs: fc.Arbitrary<TileRef> = fc
  .tuple(
    fc.oneof(fc.constant('entries' as const), fc.integer({ min: 0, max: 63 })),
    fc.oneof(
      fc.nat(2000),
      fc.nat(),
      fc.maxSafeNat().map((n) => n % (2 ** 45 - 1)),
    ),
    fc.integer({ min: 1, max: 256 }),
  )
  .map(([level, index, width]) => ({ level, index, width }))

test('tiles have the paths of C2SP tlog-tiles', () => {
  const cases: [TileRef, string][] = [
    [{ level: 0, index: 1_234_067, width: 256 }, 'tile/0/x001/x234/067'],
    [{ level: 'entries', index: 0, width: 12 }, 'tile/entries/000.p/12'],
    [{ level: 63, index: 999, width: 255 }, 'tile/63/999.p/255'],
    [{ level: 1, index: 1000, width: 1 }, 'tile/1/x001/000.p/1'],
    [{ level: 0, index: 2 ** 45 - 1, width: 255 }, 'tile/0/x035/x184/x372/x088/831.p/255'],
    [{ level: 0, index: 12_345, width: 256 }, 'tile/0/x012/345'],
  ]
  for (const [ref, path] of cases) {
    assert.equal(tilePath(ref), path)
    assert.deepEqual(parseTilePath(path), ref)
  }
})

test('every tile has one path, and it reads back', () => {
  fc.assert(fc.property(refs, (ref) => assert.deepEqual(parseTilePath(tilePath(ref)), ref)))
})

test('a second spelling of a tile is no path', () => {
  const wrong = [
    '',
    '/tile/0/000',
    'tile/0/000/',
    'tile/00/000',
    'tile/01/000',
    'tile/64/000',
    'tile/100/000',
    'tile/-1/000',
    'tile/Entries/000',
    'tile/0/0',
    'tile/0/0000',
    'tile/0/x000/000',
    'tile/0/x000/x001/000',
    'tile/0/001/000',
    'tile/0/x001/x000',
    'tile/0/X001/000',
    'tile/0/000.p/',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/000.p/999',
    'tile/0/000.p/1/',
    'tile/0/000.p/1\n',
    'tile/0/000 .p/1',
    'tile/0/../000',
    'tile/0/x999/x999/x999/x999/x999/999',
    'tile/0/٠٠٠',
    'tile/0/x035/x184/x372/x088/831',
  ]
  for (const path of wrong) assert.equal(parseTilePath(path), undefined, path)
})

test('what is accepted is exactly what is written', () => {
  const noise = fc.stringMatching(
    /^tile\/(entries|[0-9]{1,3})\/(x[0-9]{3}\/){0,3}[0-9]{3}(\.p\/[0-9]{1,3})?$/,
  )
  fc.assert(
    fc.property(noise, (path) => {
      const ref = parseTilePath(path)
      if (ref !== undefined) assert.equal(tilePath(ref), path)
    }),
  )
})

test('widths of the tree of 70000 leaves', () => {
  const size = 70_000
  assert.deepEqual(
    [tileWidth(0, 272, size), tileWidth(0, 273, size), tileWidth(0, 274, size)],
    [256, 112, 0],
  )
  assert.deepEqual([tileWidth(1, 0, size), tileWidth(1, 1, size)], [256, 17])
  assert.deepEqual([tileWidth(2, 0, size), tileWidth(3, 0, size)], [1, 0])
  assert.equal(tileWidth('entries', 273, size), 112)
  assert.equal(tileWidth(6, 0, Number.MAX_SAFE_INTEGER), 31)
  assert.equal(tileWidth(0, 2 ** 45 - 1, Number.MAX_SAFE_INTEGER), 255)
})
