// Holds the tests of the envelope: what is sealed can be read back strictly, and what could not be is refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { utf8 } from '../std/bytes.ts'
import { systemClock } from '../std/clock.ts'
import { systemEntropy } from '../std/entropy.ts'
import { canonicalJson, type Json, type JsonObject } from '../std/json.ts'
import { Envelope, readRecord, skimRecord } from './envelope.ts'
import { intent } from './testbed.test.ts'

const BOOT = '01a204f2-383b-7306-a4c7-0552c2623573'
const envelope = (): Envelope => new Envelope('gw', BOOT, systemClock, systemEntropy)

test('whatever is sealed is read back as it was', () => {
  const seals = envelope()
  let iseq = 0
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 80 })), (body) => {
      const draft = intent('call-1', body as JsonObject)
      let sealed
      try {
        sealed = seals.seal(draft)
      } catch (error) {
        // Refused: then the strict reader refuses it too, and no number was used up.
        assert.throws(() => readRecord(utf8(canonicalJson(body as Json))))
        assert.equal((error as { code?: string }).code, 'audit.unreadable')
        return
      }
      assert.equal(sealed.record.iseq, ++iseq)
      const read = readRecord(utf8(sealed.text))
      assert.equal(canonicalJson(read as unknown as Json), sealed.text)
      assert.equal(read.id, sealed.record.id)
    }),
  )
})

test('numbers go up by one, and a refused draft uses none up', () => {
  const seals = envelope()
  assert.equal(seals.seal(intent('a')).record.iseq, 1)
  const refused: [JsonObject, string][] = [
    [{ text: 'x'.repeat(65_536) }, 'audit.too_large'],
    [{ text: 'lone \ud800' }, 'audit.unreadable'],
    [{ number: Number.NaN }, 'audit.unreadable'],
    [{ deep: deep(64) }, 'audit.unreadable'],
    [JSON.parse('{"__proto__":1}') as JsonObject, 'audit.unreadable'],
  ]
  for (const [body, code] of refused) assert.throws(() => seals.seal(intent('b', body)), { code })
  assert.throws(() => seals.seal({ ...intent('b'), type: '' }), { code: 'audit.unreadable' })
  assert.equal(seals.seal(intent('c')).record.iseq, 2)
  assert.equal(
    seals.seal(intent('d', { text: 'a \\ud800 in words', deep: deep(40) })).record.iseq,
    3,
  )
})

test('a record that the envelope would not have written is not read', () => {
  const { text } = envelope().seal(intent('a'))
  readRecord(utf8(text))
  const changed = [
    text.replace('"v":2', '"v":3'),
    text.replace('"v":2', '"v":0'),
    text.replace('"ts":', '"task":7,"ts":'),
    text.replace('"ts":', '"trace":null,"ts":'),
    text.replace('"iseq":1', '"iseq":0'),
    text.replace('"iseq":1', '"iseq":1.0'),
    text.replace('"phase":"intent"', '"phase":"guess"'),
    text.replace('"type":', '"kind":'),
    text.replace(/"nonce":"[^"]*"/, '"nonce":"AAAA"'),
    text.replace(/"ts":"[^"]*"/, '"ts":"2026-11-22T20:00:00Z"'),
    text.replace('"body":{}', '"body":[]'),
    text.replace('"agent":"coder"', '"agent":7'),
    text.replace('{', '{ '),
    `${text}\n`,
    `[${text}]`,
    text.slice(0, -1),
  ]
  for (const each of changed) {
    assert.notEqual(each, text)
    assert.throws(() => readRecord(utf8(each)), { code: 'audit.unreadable' }, each)
    assert.throws(() => skimRecord(utf8(each)), { code: 'audit.unreadable' }, each)
  }
})

test('records of both versions are read back, each with the members that it has', () => {
  const drafted = { ...intent('a'), task: 'task-1', trace: '4bf92f3577b34da6a3ce929d0e0e4736' }
  const { text } = envelope().seal(drafted)
  const { task, trace, v } = readRecord(utf8(text))
  assert.deepEqual({ task, trace, v }, { task: 'task-1', trace: drafted.trace, v: 2 })
  const before = envelope().seal(intent('a')).text.replace('"v":2', '"v":1')
  assert.equal(readRecord(utf8(before)).v, 1)
  assert.throws(() => readRecord(utf8(text.replace('"v":2', '"v":1'))), {
    code: 'audit.unreadable',
  })
})

test('skimming a record and reading it strictly come to one verdict', () => {
  const { text } = envelope().seal(intent('a', { b: [1, 2.5, 'x'], z: { k: true } }))
  const body = /"body":\{[^]*?\},"boot"/
  const pieces = [
    '"',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    ' ',
    '1',
    '-0',
    '1.0',
    '1e3',
    '1e999',
    '9007199254740993',
    'null',
    '"a"',
    '"a":1',
    '"b":2',
    '"10":1',
    '"9":1',
    '"__proto__":1',
    '"\\ud800"',
    '"\\u00e9"',
    '"é"',
    '"\\/"',
    '"\u0001"',
    '\ufffd',
  ]
  const bodies = fc
    .array(fc.constantFrom(...pieces), { maxLength: 9 })
    .map((some) => `{${some.join('')}}`)
  const values = fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value))
  const nested = fc
    .integer({ min: 1, max: 70 })
    .map((n) => `{"a":${'['.repeat(n)}${']'.repeat(n)}}`)
  let [good, bad] = [0, 0]
  fc.assert(
    fc.property(fc.oneof(bodies, values, nested), (given) => {
      const entry = utf8(text.replace(body, () => `"body":${given},"boot"`))
      let strict: string | undefined
      try {
        strict = canonicalJson(readRecord(entry) as unknown as Json)
        good += 1
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'audit.unreadable')
        bad += 1
      }
      if (strict === undefined) assert.throws(() => skimRecord(entry), { code: 'audit.unreadable' })
      else assert.equal(canonicalJson(skimRecord(entry) as unknown as Json), strict)
    }),
    { numRuns: 2_000 },
  )
  assert.ok(good > 100 && bad > 100, `${good} good, ${bad} bad`)
})

function deep(levels: number): Json {
  return levels === 0 ? 1 : [deep(levels - 1)]
}
