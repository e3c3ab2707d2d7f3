// Holds the check of src/tlog against trees, proofs, tiles and a note made by Go's golang.org/x/mod/sumdb.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import { hex, sha256, utf8 } from '../../src/std/bytes.ts'
import { parseCheckpoint } from '../../src/tlog/checkpoint.ts'
import { Edge } from '../../src/tlog/edge.ts'
import { leafHash } from '../../src/tlog/hash.ts'
import { noteVerifier, openNote, parseVkey } from '../../src/tlog/note.ts'
import { parseTilePath, tilePath } from '../../src/tlog/tile.ts'
import {
  consistencyProof,
  inclusionProof,
  rootHash,
  verifyConsistency,
  verifyInclusion,
  type TileReader,
} from '../../src/tlog/tree.ts'

interface Vectors {
  readonly entry: string
  readonly trees: readonly {
    readonly size: number
    readonly root: string
    readonly inclusion: readonly { readonly index: number; readonly proof: readonly string[] }[]
    readonly consistency: readonly { readonly oldSize: number; readonly proof: readonly string[] }[]
  }[]
  readonly tiles: readonly { readonly path: string; readonly sha256: string }[]
  readonly note: { readonly vkey: string; readonly text: string }
}

const file = new URL('../vectors/tlog.json', import.meta.url)
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors
const last = vectors.trees.at(-1)?.size ?? 0
const leaves = Array.from({ length: last }, (_, i) =>
  leafHash(utf8(vectors.entry.replace('%d', String(i)))),
)

const written = new Map<string, Uint8Array>()
const read: TileReader = (level, index, width) =>
  written.get(tilePath({ level, index, width })) ?? assert.fail(`tile ${level}/${index}.p/${width}`)
const roots = new Map<number, string>()
const edge = Edge.load(0, read)
for (const { size } of vectors.trees) {
  for (const { ref, bytes } of edge.append(leaves.slice(edge.size, size)).tiles) {
    written.set(tilePath(ref), bytes)
  }
  roots.set(size, hex(edge.root()))
}

test('the vectors are all there', () => {
  assert.deepEqual(
    vectors.trees.map(({ size }) => size),
    [1, 256, 257, 65_536, 65_537, 70_000],
  )
  assert.ok(vectors.tiles.length >= 5)
})

test("roots are Go's", () => {
  for (const { size, root } of vectors.trees) {
    assert.equal(roots.get(size), root)
    assert.equal(hex(rootHash(size, read)), root)
  }
})

test("inclusion proofs are Go's, and Go's verify", () => {
  for (const { size, root, inclusion } of vectors.trees) {
    for (const { index, proof } of inclusion) {
      assert.deepEqual(inclusionProof(index, size, read).map(hex), proof)
      const hashes = proof.map((hash) => Buffer.from(hash, 'hex'))
      const leaf = leaves[index] as Uint8Array
      assert.ok(verifyInclusion(leaf, index, size, hashes, Buffer.from(root, 'hex')))
    }
  }
})

test("consistency proofs are Go's, and Go's verify", () => {
  for (const { size, root, consistency } of vectors.trees) {
    for (const { oldSize, proof } of consistency) {
      assert.deepEqual(consistencyProof(oldSize, size, read).map(hex), proof)
      const hashes = proof.map((hash) => Buffer.from(hash, 'hex'))
      const old = Buffer.from(roots.get(oldSize) ?? '', 'hex')
      assert.ok(verifyConsistency(oldSize, old, size, Buffer.from(root, 'hex'), hashes))
    }
  }
})

test("tiles are Go's, name and bytes", () => {
  for (const { path, sha256: expected } of vectors.tiles) {
    assert.ok(parseTilePath(path) !== undefined, path)
    assert.equal(hex(sha256(written.get(path) ?? assert.fail(path))), expected)
  }
})

test('a checkpoint signed by Go opens, and is of this tree', () => {
  const { vkey, text } = vectors.note
  const opened = openNote(text, [noteVerifier(parseVkey(vkey))])
  assert.deepEqual([opened.verified.length, opened.unknown.length], [1, 1])
  const { origin, size, root } = parseCheckpoint(opened.body)
  assert.equal(origin, opened.verified[0]?.name)
  assert.deepEqual([size, hex(root)], [last, roots.get(last)])
})
