// Holds the tests of what is unusual in a held call's arguments.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { JsonNumber, type JsonObject } from '../../std/json.ts'
import { unusualIn } from './unusual.ts'

const EARLIER: JsonObject[] = [
  { to: 'a@shop.example', amount_cents: 100, currency: 'EUR', note: 'one' },
  { to: 'b@shop.example', amount_cents: 2_000, currency: 'EUR', note: 'two', tags: ['x'] },
  { to: 'c@SHOP.example', amount_cents: 300, currency: 'EUR', note: 'three' },
  { to: 'd@shop.example', amount_cents: 40, currency: 'USD', note: 'four' },
]

function marks(input: JsonObject, earlier = EARLIER): string[] {
  return unusualIn(input, earlier).map(({ path, kind }) => `${path} ${kind}`)
}

const LAST = EARLIER[0]!

test('what was there before is not marked, nor another text where every call has another', () => {
  assert.deepEqual(marks(LAST), [])
  assert.deepEqual(marks({ ...LAST, note: 'nine', to: 'z@shop.example' }), [])
  assert.deepEqual(marks({ ...LAST, to: 'evil' }, []), [], 'there is nothing to compare with')
})

for (const [what, change, mark] of [
  ['a new domain', { to: 'a@evil.example' }, '/to new_domain'],
  ['a URL in place of an address', { to: 'https://evil.example/x' }, '/to new_domain'],
  ['the largest amount', { amount_cents: 2_001 }, '/amount_cents largest'],
  ['an amount beyond doubles', { amount_cents: new JsonNumber('1e400') }, '/amount_cents largest'],
  ['a value never seen', { currency: 'BTC' }, '/currency new_value'],
  ['a field that was never used', { force: true }, '/force first_use'],
  ['a longer list', { tags: ['x', 'x'] }, '/tags longest'],
  ['a text in place of a number', { amount_cents: '100' }, '/amount_cents new_type'],
  ['a field whose name has a slash', { 'a/b': 1 }, '/a~1b first_use'],
] as [string, JsonObject, string][]) {
  test(`${what} is marked, with what there was`, () => {
    assert.ok(marks({ ...LAST, ...change }).includes(mark))
  })
}

test('no other value of an earlier call is told, but for the largest number', () => {
  const input = { to: 'x@evil.example', amount_cents: 5_000, currency: 'BTC', note: 7, new: 1 }
  const told = JSON.stringify(unusualIn(input, EARLIER))
  assert.match(told, /2000 at most/)
  assert.doesNotMatch(told, /shop\.example|EUR|USD|three/)
})

test('whatever the arguments are, marks are bounded, and what was sent before is never unusual', () => {
  const value = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonObject[string]>
  fc.assert(
    fc.property(value, value, (one, two) => {
      assert.deepEqual(unusualIn({ one }, [{ one }, { two }]), [])
      assert.ok(unusualIn({ two }, [{ one }]).length <= 64)
    }),
  )
})
