// Holds the tests of the tree and of its growing edge, against RFC 6962 §2.1 written down as naively as it reads.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { before, test } from 'node:test'

import fc from 'fast-check'

import { Edge } from './edge.ts'
import { EMPTY_ROOT, leafHash, nodeHash } from './hash.ts'
import { tilePath, tileWidth, type TileRef } from './tile.ts'
import {
  consistencyProof,
  inclusionProof,
  rootHash,
  verifyConsistency,
  verifyInclusion,
  type TileReader,
} from './tree.ts'

const MAX = 70_000
const BOUNDARIES = [1, 2, 3, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, MAX]

/** The reference: definitions of RFC 6962 §2.1, with only a memory so that it ends. */
class Naive {
  readonly leaves: readonly Buffer[]
  readonly #known = new Map<string, Buffer>()

  constructor(leaves: readonly Buffer[]) {
    this.leaves = leaves
  }

  mth(low: number, high: number): Buffer {
    if (low === high) return createHash('sha256').digest()
    if (high - low === 1) return this.leaves[low] as Buffer
    const key = `${low}-${high}`
    let hash = this.#known.get(key)
    if (hash === undefined) {
      const k = split(high - low)
      hash = createHash('sha256')
        .update(Uint8Array.of(1))
        .update(this.mth(low, low + k))
        .update(this.mth(low + k, high))
        .digest()
      this.#known.set(key, hash)
    }
    return hash
  }

  path(m: number, low: number, high: number): Buffer[] {
    const n = high - low
    if (n === 1) return []
    const k = split(n)
    if (m < k) return [...this.path(m, low, low + k), this.mth(low + k, high)]
    return [...this.path(m - k, low + k, high), this.mth(low, low + k)]
  }

  subproof(m: number, low: number, high: number, whole: boolean): Buffer[] {
    const n = high - low
    if (m === n) return whole ? [] : [this.mth(low, high)]
    const k = split(n)
    if (m <= k) return [...this.subproof(m, low, low + k, whole), this.mth(low + k, high)]
    return [...this.subproof(m - k, low + k, high, false), this.mth(low, low + k)]
  }
}

function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

/** A tile store that only ever gets what an edge asks to be written. */
class Tiles {
  readonly byPath = new Map<string, Uint8Array>()
  readonly #widest = new Map<string, Uint8Array>()

  write(ref: TileRef, bytes: Uint8Array): void {
    assert.ok(ref.width >= 1 && ref.width <= 256)
    assert.equal(bytes.length, ref.width * 32)
    this.byPath.set(tilePath(ref), bytes)
    const key = `${ref.level}/${ref.index}`
    const known = this.#widest.get(key)
    // A tile only ever grows: what was written stays its beginning.
    if (known !== undefined) assert.deepEqual(bytes.slice(0, known.length), known)
    this.#widest.set(key, bytes)
  }

  /** As a log answers that has removed partial tiles since. */
  readonly widest: TileReader = (level, index) => this.#widest.get(`${level}/${index}`) ?? none()

  /** As a log answers that has every tile exactly as named. */
  readonly exact: TileReader = (level, index, width) =>
    this.byPath.get(tilePath({ level, index, width })) ?? none()
}

function none(): never {
  throw new Error('no such tile')
}

const leaves = Array.from({ length: MAX }, (_, i) =>
  Buffer.from(leafHash(Buffer.from(`record ${i}`))),
)
const naive = new Naive(leaves)
const tiles = new Tiles()
const bytesOf = (hashes: readonly Uint8Array[]) => hashes.map((hash) => Buffer.from(hash))

before(() => {
  const edge = Edge.load(0, none)
  let size = 0
  for (const next of BOUNDARIES) {
    for (const { ref, bytes } of edge.append(leaves.slice(size, next)).tiles)
      tiles.write(ref, bytes)
    size = next
    assert.equal(edge.size, size)
    assert.deepEqual(Buffer.from(edge.root()), naive.mth(0, size))
  }
})

test('roots at every boundary are those of RFC 6962', () => {
  assert.deepEqual(rootHash(0, none), EMPTY_ROOT)
  for (const size of BOUNDARIES) {
    assert.deepEqual(Buffer.from(rootHash(size, tiles.exact)), naive.mth(0, size))
    assert.deepEqual(Buffer.from(rootHash(size, tiles.widest)), naive.mth(0, size))
  }
})

test('inclusion proofs are those of RFC 6962, and verify', () => {
  const cases = fc.record({
    size: fc.oneof(
      fc.constantFrom(...BOUNDARIES),
      fc.integer({ min: 1, max: 600 }),
      fc.integer({ min: 1, max: MAX }),
    ),
    place: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
  })
  fc.assert(
    fc.property(cases, ({ size, place }) => {
      const index = Math.min(size - 1, Math.floor(place * size))
      const proof = inclusionProof(index, size, tiles.widest)
      assert.deepEqual(bytesOf(proof), naive.path(index, 0, size))
      assert.ok(verifyInclusion(leaves[index] as Buffer, index, size, proof, naive.mth(0, size)))
    }),
    { numRuns: 300 },
  )
})

test('consistency proofs are those of RFC 6962, and verify', () => {
  const sizes = fc.oneof(
    fc.constantFrom(...BOUNDARIES),
    fc.integer({ min: 1, max: 600 }),
    fc.integer({ min: 1, max: MAX }),
  )
  fc.assert(
    fc.property(sizes, sizes, (a, b) => {
      const [old, size] = [Math.min(a, b), Math.max(a, b)]
      const proof = consistencyProof(old, size, tiles.widest)
      assert.deepEqual(bytesOf(proof), naive.subproof(old, 0, size, true))
      assert.ok(verifyConsistency(old, naive.mth(0, old), size, naive.mth(0, size), proof))
    }),
    { numRuns: 300 },
  )
})

test('all small trees: every leaf, every pair of sizes', () => {
  for (let size = 1; size <= 40; size++) {
    const root = naive.mth(0, size)
    for (let index = 0; index < size; index++) {
      const proof = inclusionProof(index, size, tiles.widest)
      assert.ok(verifyInclusion(leaves[index] as Buffer, index, size, proof, root))
      for (let other = 0; other < size; other++) {
        const here = other === index
        assert.equal(verifyInclusion(leaves[index] as Buffer, other, size, proof, root), here)
        assert.equal(verifyInclusion(leaves[other] as Buffer, index, size, proof, root), here)
      }
      const old = index + 1
      const pair = consistencyProof(old, size, tiles.widest)
      assert.ok(verifyConsistency(old, naive.mth(0, old), size, root, pair))
      for (let other = 1; other <= size; other++) {
        const lie = verifyConsistency(old, naive.mth(0, other), size, root, pair)
        assert.equal(lie, other === old)
      }
    }
  }
})

/** The same bytes but for one bit. */
function flip(hash: Uint8Array, bit: number): Uint8Array {
  const flipped = new Uint8Array(hash)
  flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
  return flipped
}

/** Every way of spoiling a list of hashes that leaves it a list: one byte, one element, the order, the length. */
function* spoilt(proof: readonly Uint8Array[]): Generator<Uint8Array[]> {
  for (const [i, hash] of proof.entries()) {
    for (const at of [0, 121, 255]) {
      yield proof.with(i, flip(hash, at))
    }
    yield proof.with(i, hash.slice(0, 31))
    yield proof.with(i, Buffer.concat([hash, Uint8Array.of(0)]))
    yield proof.toSpliced(i, 1)
    yield proof.toSpliced(i, 0, hash)
    if (i > 0) yield proof.with(i, proof[i - 1] as Uint8Array).with(i - 1, hash)
  }
  yield [...proof, EMPTY_ROOT]
  yield [EMPTY_ROOT, ...proof]
}

test('INV-7 an inclusion proof changed anywhere is refused', () => {
  for (const size of BOUNDARIES) {
    const root = naive.mth(0, size)
    for (const index of new Set([0, size >> 1, size - 1])) {
      const leaf = leaves[index] as Buffer
      const proof = inclusionProof(index, size, tiles.exact)
      for (const wrong of spoilt(proof)) assert.ok(!verifyInclusion(leaf, index, size, wrong, root))
      for (let bit = 0; bit < 256; bit += 17) {
        assert.ok(!verifyInclusion(flip(leaf, bit), index, size, proof, root))
        assert.ok(!verifyInclusion(leaf, index, size, proof, flip(root, bit)))
      }
      assert.ok(!verifyInclusion(leaf.subarray(1), index, size, proof, root))
      assert.ok(!verifyInclusion(leaf, index, size * 4, proof, root))
      for (const [i, s] of [
        [-1, size],
        [size, size],
        [0.5, size],
        [index, index],
        [index, Infinity],
        [NaN, size],
      ] as const) {
        assert.ok(!verifyInclusion(leaf, i, s, proof, root))
      }
    }
  }
})

test('INV-7 a consistency proof changed anywhere is refused', () => {
  for (const size of BOUNDARIES) {
    const root = naive.mth(0, size)
    for (const old of BOUNDARIES.filter((candidate) => candidate < size)) {
      const before = naive.mth(0, old)
      const proof = consistencyProof(old, size, tiles.exact)
      for (const wrong of spoilt(proof))
        assert.ok(!verifyConsistency(old, before, size, root, wrong))
      assert.ok(!verifyConsistency(old, before, size * 4, root, proof))
      assert.ok(!verifyConsistency(old, root, size, root, proof))
      assert.ok(!verifyConsistency(old, before, size, before, proof))
      assert.ok(!verifyConsistency(size, root, old, before, proof))
    }
  }
})

test('an empty or an unchanged log needs no proof and accepts none', () => {
  const root = naive.mth(0, 3)
  assert.deepEqual(consistencyProof(0, 3, none), [])
  assert.deepEqual(consistencyProof(3, 3, none), [])
  assert.ok(verifyConsistency(0, EMPTY_ROOT, 3, root, []))
  assert.ok(verifyConsistency(3, root, 3, root, []))
  assert.ok(verifyConsistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, []))
  assert.ok(!verifyConsistency(0, root, 3, root, []))
  assert.ok(!verifyConsistency(0, EMPTY_ROOT, 0, root, []))
  assert.ok(!verifyConsistency(0, EMPTY_ROOT, 3, root, [root]))
  assert.ok(!verifyConsistency(3, root, 3, EMPTY_ROOT, []))
  assert.ok(!verifyConsistency(3, root, 3, root, [root]))
  assert.ok(!verifyConsistency(0, EMPTY_ROOT, 3, root.subarray(1), []))
})

test('a tile that is too short, or not made of hashes, is a fault', () => {
  for (const length of [0, 31, 64, 3 * 32 - 1, 3 * 32 + 1]) {
    assert.throws(() => rootHash(3, () => new Uint8Array(length)), { code: 'tlog.tile' })
    assert.throws(() => Edge.load(3, () => new Uint8Array(length)), { code: 'tlog.tile' })
  }
})

test('sizes and indexes that no log has are faults', () => {
  for (const size of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
    assert.throws(() => rootHash(size, tiles.widest), { code: 'tlog.range' })
    assert.throws(() => Edge.load(size, tiles.widest), { code: 'tlog.range' })
    assert.throws(() => inclusionProof(0, size, tiles.widest), { code: 'tlog.range' })
    assert.throws(() => inclusionProof(size, 3, tiles.widest), { code: 'tlog.range' })
    assert.throws(() => consistencyProof(1, size, tiles.widest), { code: 'tlog.range' })
    assert.throws(() => consistencyProof(size, 3, tiles.widest), { code: 'tlog.range' })
  }
  assert.throws(() => inclusionProof(3, 3, tiles.widest), { code: 'tlog.range' })
  assert.throws(() => consistencyProof(4, 3, tiles.widest), { code: 'tlog.range' })
})

test('an edge asks for exactly the tiles that the new size changes, in any steps', () => {
  const starts = fc.oneof(fc.constantFrom(0, 256, 65_280, 65_536), fc.nat(66_000))
  const step = fc.oneof(fc.constantFrom(1, 255, 256), fc.nat(700))
  const steps = fc.array(step, { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(starts, steps, (start, widths) => {
      let edge = Edge.load(start, tiles.widest)
      let size = start
      for (const [step, width] of widths.entries()) {
        const next = size + width
        const expected = new Map<string, Buffer>()
        for (let level = 0, count = next; count > 0; level++, count = Math.floor(count / 256)) {
          for (let index = 0; index * 256 < count; index++) {
            const grown = tileWidth(level, index, next)
            if (grown === tileWidth(level, index, size)) continue
            const hashes = Array.from({ length: grown }, (_, i) => {
              const at = (index * 256 + i) * 256 ** level
              return naive.mth(at, at + 256 ** level)
            })
            expected.set(tilePath({ level, index, width: grown }), Buffer.concat(hashes))
          }
        }
        const { tiles: written } = edge.append(leaves.slice(size, next))
        const got = new Map(written.map(({ ref, bytes }) => [tilePath(ref), Buffer.from(bytes)]))
        assert.equal(got.size, written.length)
        assert.deepEqual(got, expected)
        size = next
        assert.equal(edge.size, size)
        assert.deepEqual(Buffer.from(edge.root()), naive.mth(0, size))
        // Loading again in the middle must change nothing: a restart is an ordinary step.
        if (step % 2 === 1) edge = Edge.load(size, tiles.widest)
      }
    }),
    { numRuns: 40 },
  )
})

test('an edge that refuses an append has not changed, and keeps no hold on what it was given', () => {
  const edge = Edge.load(256, tiles.exact)
  edge.root().fill(0)
  assert.deepEqual(Buffer.from(edge.root()), naive.mth(0, 256))
  const leaf = leaves[256] as Buffer
  assert.throws(() => edge.append([leaf, leaf.subarray(1)]), { code: 'tlog.hash' })
  assert.equal(edge.size, 256)
  assert.deepEqual(Buffer.from(edge.root()), naive.mth(0, 256))
  const lent = Buffer.from(leaf)
  const { tiles: written } = edge.append([lent])
  lent.fill(0)
  for (const { bytes } of written) bytes.fill(0)
  assert.deepEqual(Buffer.from(edge.root()), naive.mth(0, 257))
  const [next] = edge.append([leaves[257] as Buffer]).tiles
  assert.deepEqual(Buffer.from(next?.bytes ?? []), Buffer.concat(leaves.slice(256, 258)))
  assert.deepEqual(Buffer.from(edge.root()), naive.mth(0, 258))
})

test('arithmetic holds up to 2^53-1 leaves', () => {
  // All leaves alike: then every perfect subtree of one height has one hash, and any tile can be made up.
  const leaf = leafHash(Buffer.from('same'))
  const heights = [leaf]
  for (let i = 0; i < 56; i++)
    heights.push(nodeHash(heights[i] as Uint8Array, heights[i] as Uint8Array))
  const read: TileReader = (level, _, width) =>
    Buffer.concat(Array.from({ length: width }, () => heights[level * 8] as Uint8Array))
  const max = Number.MAX_SAFE_INTEGER
  assert.deepEqual(rootHash(2 ** 52, read), heights[52])
  for (const size of [2 ** 31, 2 ** 32 + 1, 2 ** 40 + 255, 2 ** 52 + 1, max - 1, max]) {
    const root = rootHash(size, read)
    for (const index of [0, 2 ** 31 - 1, Math.floor(size / 2), size - 1]) {
      const proof = inclusionProof(index, size, read)
      assert.ok(verifyInclusion(leaf, index, size, proof, root))
      for (const wrong of spoilt(proof.slice(0, 1))) {
        assert.ok(!verifyInclusion(leaf, index, size, [...wrong, ...proof.slice(1)], root))
      }
    }
    for (const old of [1, 2 ** 31 - 1, 2 ** 31 - 2, Math.floor(size / 2), size - 1]) {
      const proof = consistencyProof(old, size, read)
      assert.ok(verifyConsistency(old, rootHash(old, read), size, root, proof))
      assert.ok(!verifyConsistency(old, rootHash(old, read), size, root, proof.slice(1)))
    }
    const edge = Edge.load(size - 1, read)
    edge.append([leaf])
    assert.deepEqual(edge.root(), root)
    assert.equal(edge.size, size)
    if (size === max) assert.throws(() => edge.append([leaf]), { code: 'tlog.range' })
  }
})
