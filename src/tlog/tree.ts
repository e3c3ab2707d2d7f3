// Holds the arithmetic of an RFC 6962 tree over tiles: roots, proofs, and their verification.

import { fault } from './faults.ts'
import { EMPTY_ROOT, HASH_BYTES, nodeHash, sameHash } from './hash.ts'
import { TILE_WIDTH, tileWidth } from './tile.ts'

/**
 * Gives the raw, concatenated hashes of a tile, at least `width` of them. `width` is what the tile has at the size asked
 * about: a log that has grown since may answer with the wider tile, of which only the first `width` hashes are used.
 */
export type TileReader = (level: number, index: number, width: number) => Uint8Array

/** Throws `tlog.range` unless `size` is a whole number from 0 to 2^53-1. */
export function checkSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) throw fault('tlog.range', 'not a size of a log')
}

/** Root of the first `size` leaves: MTH of RFC 6962 §2.1. Throws `tlog.range`, `tlog.tile`. */
export function rootHash(size: number, read: TileReader): Uint8Array {
  checkSize(size)
  return size === 0 ? EMPTY_ROOT : new TiledTree(size, read).hash(0, size)
}

/** Proof that leaf `index` is in the tree of `size` leaves: PATH of RFC 6962 §2.1.1, from the leaf's sibling upward. */
export function inclusionProof(index: number, size: number, read: TileReader): Uint8Array[] {
  checkSize(size)
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw fault('tlog.range', 'no such leaf in a log of that size')
  }
  const tree = new TiledTree(size, read)
  const proof: Uint8Array[] = []
  let [low, high] = [0, size]
  while (high - low > 1) {
    const middle = low + leftWidth(high - low)
    if (index < middle) {
      proof.push(tree.hash(middle, high))
      high = middle
    } else {
      proof.push(tree.hash(low, middle))
      low = middle
    }
  }
  return proof.toReversed()
}

/**
 * Proof that the tree of `oldSize` leaves is the beginning of the tree of `size`: PROOF of RFC 6962 §2.1.2. Empty where
 * there is nothing to prove: equal sizes, and an old size of 0.
 */
export function consistencyProof(oldSize: number, size: number, read: TileReader): Uint8Array[] {
  checkSize(oldSize)
  checkSize(size)
  if (oldSize > size) throw fault('tlog.range', 'the old size is larger than the new one')
  if (oldSize === 0 || oldSize === size) return []
  const tree = new TiledTree(size, read)
  const proof: Uint8Array[] = []
  let [low, high] = [0, size]
  // Walks down to the last subtree that the old tree ends with. The walk stands at a whole subtree of the old tree once
  // the old size is its right end; that subtree is the old root itself as long as the walk never turned right.
  while (high !== oldSize) {
    const middle = low + leftWidth(high - low)
    if (oldSize <= middle) {
      proof.push(tree.hash(middle, high))
      high = middle
    } else {
      proof.push(tree.hash(low, middle))
      low = middle
    }
  }
  if (low > 0) proof.push(tree.hash(low, high))
  return proof.toReversed()
}

/** Whether the leaf with hash `leaf` is at `index` in the tree of `size` leaves and root `root` (RFC 9162 §2.1.3.2). */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(index)) return false
  if (index < 0 || index >= size || leaf.length !== HASH_BYTES) return false
  let [node, last, hash] = [index, size - 1, leaf]
  for (const sibling of proof) {
    if (last === 0 || sibling.length !== HASH_BYTES) return false
    if (isOdd(node) || node === last) {
      hash = nodeHash(sibling, hash)
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)]
    } else {
      hash = nodeHash(hash, sibling)
    }
    ;[node, last] = [half(node), half(last)]
  }
  return last === 0 && sameHash(hash, root)
}

/** Whether the tree (`oldSize`, `oldRoot`) is the beginning of the tree (`size`, `root`) (RFC 9162 §2.1.4.2). */
export function verifyConsistency(
  oldSize: number,
  oldRoot: Uint8Array,
  size: number,
  root: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!Number.isSafeInteger(oldSize) || !Number.isSafeInteger(size)) return false
  if (oldSize < 0 || oldSize > size || root.length !== HASH_BYTES) return false
  if (size === 0)
    return proof.length === 0 && sameHash(oldRoot, EMPTY_ROOT) && sameHash(root, EMPTY_ROOT)
  if (oldSize === size) return proof.length === 0 && sameHash(oldRoot, root)
  if (oldSize === 0) return proof.length === 0 && sameHash(oldRoot, EMPTY_ROOT)
  let [node, last] = [oldSize - 1, size - 1]
  while (isOdd(node)) [node, last] = [half(node), half(last)]
  // An old tree that is one whole subtree (node is 0 by now) starts from its own root, which the proof leaves out.
  const path = node === 0 ? [oldRoot, ...proof] : proof
  const [seed, ...siblings] = path
  if (seed?.length !== HASH_BYTES) return false
  let [oldHash, hash] = [seed, seed]
  for (const sibling of siblings) {
    if (last === 0 || sibling.length !== HASH_BYTES) return false
    if (isOdd(node) || node === last) {
      oldHash = nodeHash(sibling, oldHash)
      hash = nodeHash(sibling, hash)
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)]
    } else {
      hash = nodeHash(hash, sibling)
    }
    ;[node, last] = [half(node), half(last)]
  }
  return last === 0 && sameHash(oldHash, oldRoot) && sameHash(hash, root)
}

/** A tree of a fixed size over its tiles; every tile is read at most once in its life. */
export class TiledTree {
  readonly #size: number
  readonly #read: TileReader
  readonly #tiles = new Map<string, Uint8Array>()

  constructor(size: number, read: TileReader) {
    this.#size = size
    this.#read = read
  }

  /** MTH(D[low:high]) of a subtree of this tree: `low` is a multiple of the smallest power of two >= high - low. */
  hash(low: number, high: number): Uint8Array {
    const width = high - low
    if (width === 1) return this.#perfect(low, 1)
    const left = leftWidth(width)
    if (left * 2 === width) return this.#perfect(low, width)
    return nodeHash(this.hash(low, low + left), this.hash(low + left, high))
  }

  /** Root of `width` leaves from `low`, a power of two and a multiple of it: a run of hashes within one tile, folded. */
  #perfect(low: number, width: number): Uint8Array {
    let [level, start, run] = [0, low, width]
    while (run >= TILE_WIDTH)
      [level, start, run] = [level + 1, start / TILE_WIDTH, run / TILE_WIDTH]
    const tile = this.#tile(level, Math.floor(start / TILE_WIDTH))
    const first = start % TILE_WIDTH
    // A copy, so that no proof keeps a whole tile alive or changes with its reader's buffer.
    const hashes = new Uint8Array(tile.subarray(first * HASH_BYTES, (first + run) * HASH_BYTES))
    for (; run > 1; run /= 2) {
      for (let i = 0; i < run / 2; i++) {
        const at = 2 * i * HASH_BYTES
        const left = hashes.subarray(at, at + HASH_BYTES)
        const right = hashes.subarray(at + HASH_BYTES, at + 2 * HASH_BYTES)
        hashes.set(nodeHash(left, right), i * HASH_BYTES)
      }
    }
    return hashes.slice(0, HASH_BYTES)
  }

  #tile(level: number, index: number): Uint8Array {
    const key = `${level}/${index}`
    const known = this.#tiles.get(key)
    if (known !== undefined) return known
    const width = tileWidth(level, index, this.#size)
    const tile = this.#read(level, index, width)
    if (tile.length < width * HASH_BYTES || tile.length % HASH_BYTES !== 0) {
      throw fault('tlog.tile', `tile ${key} does not hold the ${width} hashes it must`)
    }
    this.#tiles.set(key, tile)
    return tile
  }
}

/** Width of the left subtree of a tree of `width` > 1 leaves: the largest power of two below it (RFC 6962 §2.1). */
function leftWidth(width: number): number {
  let power = 1
  while (power * 2 < width) power *= 2
  return power
}

// Sizes reach 2^53-1, where the bitwise operators, which see 32 bits, would lie.
function isOdd(n: number): boolean {
  return n % 2 === 1
}

function half(n: number): number {
  return Math.floor(n / 2)
}
