// Holds the tests of fields: what is written is read as the same, and what is read is of the types that were asked for.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { JsonNumber, type Json, type JsonObject } from '../../std/json.ts'
import type { HttpField } from '../../wire/http-binding.ts'
import { readFields, readPairs, writePairs } from './field.ts'
import { decodeOnce, encode } from './percent.ts'
import { readScalar, writeScalar } from './scalar.ts'

const field = (name: string, more: Partial<HttpField> = {}): HttpField => ({
  name,
  shape: { kind: 'scalar', of: ['string'] },
  style: 'form',
  explode: true,
  ...more,
})

const FIELDS: readonly HttpField[] = [
  field('text'),
  field('a b[]'),
  field('count', { shape: { kind: 'scalar', of: ['integer'] } }),
  field('tags', { shape: { kind: 'list', of: ['string'] } }),
  field('ids', { shape: { kind: 'list', of: ['integer'] }, explode: false }),
  field('piped', {
    shape: { kind: 'list', of: ['integer'] },
    style: 'pipeDelimited',
    explode: false,
  }),
  field('spaced', {
    shape: { kind: 'list', of: ['boolean'] },
    style: 'spaceDelimited',
    explode: false,
  }),
  field('deep', {
    shape: { kind: 'record', members: { 'x&y': ['string'], open: ['boolean'] } },
    style: 'deepObject',
  }),
  field('flat', { shape: { kind: 'record', members: { left: ['number'] } } }),
  field('json', { shape: { kind: 'json' } }),
]

const plain = (value: Json): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, inner: unknown) =>
      inner instanceof JsonNumber ? inner.text : inner,
    ),
  )

test('what is written is read as the same, whatever texts it holds', () => {
  const text = fc
    .string({ unit: 'grapheme', maxLength: 20 })
    .filter((one) => !/\p{Cc}/u.test(one) && one.isWellFormed())
  const count = fc.integer({ min: -1_000, max: 1_000 })
  const values = fc.record(
    {
      text,
      'a b[]': text,
      count,
      tags: fc.array(text, { minLength: 1, maxLength: 4 }),
      ids: fc.array(count, { minLength: 1, maxLength: 4 }),
      piped: fc.array(count, { minLength: 1, maxLength: 4 }),
      spaced: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
      deep: fc.record({ 'x&y': text, open: fc.boolean() }),
      flat: fc.record({ left: fc.constantFrom<Json>(1, 2.5, new JsonNumber('1e400')) }),
      json: fc.constantFrom<Json>({ a: [1, 'b', null] }, [], 'x'),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(values, (value) => {
      const written = writePairs(value as JsonObject, FIELDS)
      assert.match(written, /^[\x21\x22\x24-\x7e]*$/)
      const read = readFields(readPairs(written), FIELDS)
      assert.deepEqual(plain(read), plain(value as JsonObject), written)
      assert.equal(writePairs(read, FIELDS), written)
    }),
    { numRuns: 500 },
  )
})

test('a number keeps its digits, and what is none stays a text', () => {
  const shown = (text: string, ...of: ('integer' | 'number' | 'boolean' | 'string')[]) => {
    const value = readScalar(text, of)
    return value instanceof JsonNumber ? `exact ${value.text}` : value
  }
  assert.equal(shown('7', 'integer'), 7)
  assert.equal(shown('9007199254740993', 'integer'), 'exact 9007199254740993')
  for (const odd of ['007', '+7', '7.0', '1e3', ' 7', '7 ', '', '-0', '0x7', '٧']) {
    assert.equal(shown(odd, 'integer'), odd)
  }
  assert.equal(shown('1.50', 'number'), 'exact 1.50')
  assert.equal(shown('NaN', 'number'), 'NaN')
  assert.equal(shown('TRUE', 'boolean'), 'TRUE')
  assert.equal(shown('true', 'boolean', 'string'), true)
  assert.equal(shown('7', 'string'), '7')
  assert.equal(writeScalar(readScalar('1.50', ['number'])), '1.50')
  assert.throws(() => writeScalar({}), TypeError)
})

test('percent-encoding is undone once, and written in one form', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      fc.pre(text.isWellFormed() && !/\p{Cc}/u.test(text))
      assert.match(encode(text), /^(?:[A-Za-z0-9\-._~]|%[0-9A-F]{2})*$/)
      assert.equal(decodeOnce(encode(text)), text)
    }),
  )
  assert.equal(decodeOnce('%2561'), '%61')
  for (const broken of ['%', '%4', '%zz', '%c0%af', '%ed%a0%80', '%00', '%0a', '%7f']) {
    assert.equal(decodeOnce(broken), undefined, broken)
  }
})
