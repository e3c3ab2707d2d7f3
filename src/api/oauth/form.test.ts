// Holds the tests of forms: one reading, nothing guessed, nothing twice.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { faultOf } from '../../../test/fakes/authority.ts'
import { Fault } from '../../std/fault.ts'
import { parseForm } from './form.ts'

test('what URLSearchParams writes is read back, whatever the characters', () => {
  const text = fc.string({ minLength: 1, unit: 'grapheme' }).filter((one) => !/\p{Cc}/u.test(one))
  fc.assert(
    fc.property(fc.dictionary(text, text, { maxKeys: 8 }), (parameters) => {
      const form = parseForm(new URLSearchParams(parameters).toString())
      for (const [name, value] of Object.entries(parameters)) assert.equal(form.get(name), value)
    }),
  )
})

test('no bytes make the reader throw anything but its own fault', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      try {
        parseForm(text)
      } catch (error) {
        assert.ok(error instanceof Fault && error.code === 'oauth.form')
      }
    }),
  )
})

test('a parameter stands once, however it is written; resource may stand more often', () => {
  for (const text of ['a=1&a=1', 'a=1&%61=2', 'a=&a=1', 'a&a', 'scope=x&scope=y']) {
    assert.throws(() => parseForm(text), faultOf('oauth.form'), text)
  }
  assert.deepEqual(parseForm('resource=a&resource=b&resource=').resources(), ['a', 'b'])
})

test('what the encoding does not write is refused: bad escapes, raw bytes, controls', () => {
  for (const text of ['a=%', 'a=%0', 'a=%zz', 'a=%ff', 'a=\u00e4', 'a=b c', 'a=%00', 'a=%0a']) {
    assert.throws(() => parseForm(text), faultOf('oauth.form'), text)
  }
})

test('a parameter without a value is as if it was left out, and one that is needed is missed', () => {
  const form = parseForm('a=&b&c=1')
  assert.deepEqual([form.get('a'), form.get('b'), form.get('c')], [undefined, undefined, '1'])
  assert.throws(() => form.need('a'), faultOf('oauth.parameter'))
})
