// Holds the tests of exact numbers.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { JsonNumber } from '../std/json.ts'
import { compareNumbers, isMultipleOf, numberKey, isInteger, toDecimal, toLong } from './number.ts'

const n = (text: string) => (String(Number(text)) === text ? Number(text) : new JsonNumber(text))

test('integers are exact to 64 bits and refused beyond', () => {
  const rows: [string, bigint | undefined][] = [
    ['0', 0n],
    ['-0', 0n],
    ['0.0e99', 0n],
    ['9007199254740993', 9007199254740993n],
    ['9223372036854775807', 9223372036854775807n],
    ['9223372036854775808', undefined],
    ['-9223372036854775808', -9223372036854775808n],
    ['-9223372036854775809', undefined],
    ['1.0', 1n],
    ['1e3', 1000n],
    ['1200e-2', 12n],
    ['1.5', undefined],
    ['1e18', 1000000000000000000n],
    ['1e19', undefined],
    ['1e999999999999', undefined],
    ['1e-999999999999', undefined],
    ['0e999999999999', 0n],
  ]
  for (const [text, expected] of rows) assert.equal(toLong(n(text)), expected, text)
})

test('decimals have four fraction digits exactly, or are none', () => {
  const rows: [string, string | undefined][] = [
    ['1', '1.0000'],
    ['1.5', '1.5000'],
    ['-0.0001', '-0.0001'],
    ['0.00010', '0.0001'],
    ['0.00001', undefined],
    ['1e-4', '0.0001'],
    ['1e-5', undefined],
    ['922337203685477.5807', '922337203685477.5807'],
    ['922337203685477.5808', undefined],
    ['-922337203685477.5808', '-922337203685477.5808'],
    ['1e300', undefined],
    ['10000.00001', undefined],
  ]
  for (const [text, expected] of rows) assert.equal(toDecimal(n(text)), expected, text)
})

test('every spelling of a 64-bit integer is that integer, and of a decimal that decimal', () => {
  const longs = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  fc.assert(
    fc.property(longs, fc.nat(30), (value, zeros) => {
      const text = value.toString()
      assert.equal(toLong(n(text)), value)
      assert.equal(toLong(n(`${text}${'0'.repeat(zeros)}e-${zeros}`)), value)
      assert.equal(toLong(n(`${text}.${'0'.repeat(zeros + 1)}`)), value)
      assert.ok(isInteger(n(text)))
      const decimal = toDecimal(n(`${text}e-4`))
      assert.equal(decimal?.replace('.', '').replace(/^(-?)0+(?=[0-9])/, '$1'), text)
    }),
  )
})

test('a megabyte of digits costs no time that grows with their square', () => {
  const digits = new JsonNumber('7'.repeat(1_000_000))
  assert.equal(toLong(digits), undefined)
  assert.equal(toDecimal(digits), undefined)
})

/** A number as text, and as an exact fraction over 10^40. */
const written = fc
  .tuple(fc.bigInt(-(10n ** 20n), 10n ** 20n), fc.integer({ min: -10, max: 10 }))
  .map(([digits, exponent]) => ({
    number: new JsonNumber(`${digits}e${exponent}`),
    worth: digits * 10n ** BigInt(exponent + 40),
  }))

test('numbers are compared and divided exactly, however they are written', () => {
  fc.assert(
    fc.property(written, written, (a, b) => {
      const order = a.worth < b.worth ? -1 : a.worth > b.worth ? 1 : 0
      assert.equal(compareNumbers(a.number, b.number), order)
      assert.equal(numberKey(a.number) === numberKey(b.number), order === 0)
      const multiple = b.worth === 0n ? undefined : a.worth % b.worth === 0n
      assert.equal(isMultipleOf(a.number, b.number), multiple)
    }),
  )
  assert.equal(compareNumbers(new JsonNumber('1e999999999'), 5), 1)
  assert.equal(compareNumbers(new JsonNumber('-1e-999999999'), 0), -1)
  assert.equal(compareNumbers(new JsonNumber('-0.0'), 0), 0)
  assert.equal(isMultipleOf(new JsonNumber('1e999999999'), 3), undefined)
})
