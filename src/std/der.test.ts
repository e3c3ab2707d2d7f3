// Holds tests of DER: what the writer writes, and what the reader refuses.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hex } from './bytes.ts'
import { der, derChildren, integer, octetString, oid, readDer, sequence, TAG, time } from './der.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

test('lengths take the fewest octets at every border', () => {
  for (const [n, head] of [
    [0, '0400'],
    [127, '047f'],
    [128, '048180'],
    [255, '0481ff'],
    [256, '04820100'],
    [65_535, '0482ffff'],
    [65_536, '0483010000'],
  ] as const) {
    const value = octetString(new Uint8Array(n))
    assert.equal(hex(value).slice(0, head.length), head)
    assert.equal(value.length, head.length / 2 + n)
  }
})

test('lengths: what is written is read back, whatever its size', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70_000, size: 'max' }), (content) => {
      assert.deepEqual(readDer(octetString(content), TAG.octetString).content, content)
    }),
    { numRuns: 50 },
  )
})

test('integers are minimal, positive, and equal to their octets', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 24 }), (magnitude) => {
      const { content } = readDer(integer(magnitude), TAG.integer)
      assert.equal(BigInt(`0x${hex(content)}`), BigInt(`0x${hex(magnitude)}`))
      assert.ok(content[0]! < 0x80, 'never negative')
      if (content.length > 1) assert.ok(content[0] !== 0 || content[1]! >= 0x80, 'never padded')
    }),
  )
})

test('object identifiers and times as RFC 5280 shows them', () => {
  assert.equal(hex(oid('1.2.840.10045.4.3.2')), '06082a8648ce3d040302')
  assert.equal(hex(oid('2.5.29.17')), '0603551d11')
  const text = (ms: number): string => Buffer.from(time(ms)).toString('latin1').slice(2)
  assert.equal(text(Date.UTC(2049, 11, 31, 23, 59, 59)), '491231235959Z')
  assert.equal(text(Date.UTC(2050, 0, 1)), '20500101000000Z')
  assert.equal(time(Date.UTC(2050, 0, 1))[0], TAG.generalizedTime)
})

test('a nested structure reads back part by part', () => {
  const tree = sequence(integer(Uint8Array.of(5)), sequence(octetString(Uint8Array.of(1, 2))))
  const [five, inner] = derChildren(readDer(tree, TAG.sequence))
  assert.deepEqual([...five!.content], [5])
  assert.deepEqual([...derChildren(inner!)[0]!.content], [1, 2])
})

test('every other encoding of the same value is refused', () => {
  for (const [what, text, tag] of [
    ['nothing', '', 4],
    ['no length', '04', 4],
    ['cut short', '0402aa', 4],
    ['trailing octet', '0401aabb', 4],
    ['long form of a short length', '048101aa', 4],
    ['padded long form', `04820080${'00'.repeat(128)}`, 4],
    ['indefinite length', '3080040100000000', 0x30],
    ['four octets of length', '048400000001aa', 4],
    ['high tag number', '1f810100', 0x1f],
    ['another tag', '0401aa', 2],
  ] as const) {
    assert.throws(() => readDer(bytes(text), tag), { code: 'der.malformed' }, what)
  }
  assert.throws(() => derChildren(readDer(bytes('0401aa'), 4)), { code: 'der.malformed' })
  assert.throws(() => derChildren(readDer(bytes('3002aa05'), 0x30)), { code: 'der.malformed' })
})

test('arbitrary octets are read or refused by code, never otherwise', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (input) => {
      try {
        const value = readDer(input, TAG.sequence)
        const parts = derChildren(value)
        assert.deepEqual(der(TAG.sequence, ...parts.map((part) => part.whole)), input)
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'der.malformed')
      }
    }),
    { numRuns: 2_000 },
  )
})
