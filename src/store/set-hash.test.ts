// Holds the tests of the set hash.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SetHash } from './set-hash.ts'

function sum(elements: Iterable<string>): SetHash {
  const hash = new SetHash()
  for (const element of elements) hash.add(element)
  return hash
}

test('two sums are equal exactly when the sets are, in whatever order they came about', () => {
  const elements = fc.uniqueArray(fc.string(), { maxLength: 12 })
  fc.assert(
    fc.property(elements, elements, (a, b) => {
      const whole = sum(a)
      for (const element of b) whole.add(element)
      for (const element of [...a].reverse()) whole.remove(element)
      assert.equal(whole.text(), sum([...b].reverse()).text())
      const same = a.length === b.length && a.every((element) => b.includes(element))
      assert.equal(sum(a).text() === sum(b).text(), same)
    }),
    { numRuns: 100 },
  )
})

test('what was written is read again, and nothing else is', () => {
  const hash = sum(['a', 'b'])
  const text = hash.text()
  assert.equal(SetHash.read(text)?.text(), text)
  assert.equal(SetHash.read(text.slice(4)), undefined)
  assert.equal(SetHash.read(`${text}AAAA`), undefined)
  assert.equal(SetHash.read(`!${text.slice(1)}`), undefined)
  assert.equal(SetHash.read(''), undefined)
})
