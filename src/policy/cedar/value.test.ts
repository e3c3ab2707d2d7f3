// Holds the tests of values: equal ones are found equal in every way of asking, others in none, and nesting costs what it holds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Decimal } from './decimal.ts'
import { IpAddr } from './ipaddr.ts'
import { PlainRecord } from './record.ts'
import { Uid } from './uid.ts'
import { CedarRecord, CedarSet, equal, type Value } from './value.ts'

const { value: values } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.boolean(),
    fc.constantFrom(0n, 1n, -1n, 10n),
    fc.constantFrom('', '0', '1', 'l1', 't', '1:a', '2:l1', '[', 'User a'),
    fc.constantFrom(new Uid('User', 'a'), new Uid('User', ''), new Uid('A', 'User a')),
    fc.constantFrom(Decimal.read('1.0'), IpAddr.read('::1'), IpAddr.read('1.2.3.4/8')),
    fc.array(tie('value'), { maxLength: 3 }).map((elements) => new CedarSet(elements)),
    fc
      .dictionary(fc.constantFrom('a', 'b', '1:a', ''), tie('value'), { maxKeys: 2 })
      .map((attributes) => new PlainRecord(new Map(Object.entries(attributes)))),
  ),
}))

/** Equality as Cedar defines it, without keys and without an index. */
function same(a: Value, b: Value): boolean {
  if (a instanceof CedarSet && b instanceof CedarSet) {
    const within = (x: CedarSet, y: CedarSet) =>
      x.elements.every((one) => y.elements.some((other) => same(one, other)))
    return within(a, b) && within(b, a)
  }
  if (a instanceof CedarRecord && b instanceof CedarRecord) {
    const [left, right] = [[...a.entries()], [...b.entries()]]
    return (
      left.length === right.length &&
      left.every(([name, one]) => b.has(name) && same(one, b.get(name)!))
    )
  }
  if (typeof a !== 'object' || typeof b !== 'object') return a === b
  return a.constructor === b.constructor && 'key' in a && 'key' in b && a.key === b.key
}

/** The same value, made anew: in another order, and with doubles. */
function again(value: Value): Value {
  if (value instanceof CedarSet) {
    return new CedarSet([...value.elements, ...value.elements.map(again)].reverse())
  }
  if (!(value instanceof CedarRecord)) return value
  const entries = [...value.entries()].reverse()
  return new PlainRecord(new Map(entries.map(([name, inner]) => [name, again(inner)])))
}

test('`==`, `contains`, `containsAll` and `containsAny` agree with equality by definition', () => {
  let equals = 0
  const close = fc.array(values, { minLength: 2, maxLength: 6 })
  fc.assert(
    fc.property(close, (some) => {
      const all = [...some, ...some.map(again)]
      const set = new CedarSet(all)
      for (const a of all) {
        for (const b of all) {
          const expected = same(a, b)
          if (expected && a !== b) equals++
          assert.equal(equal(a, b), expected)
          assert.equal(new CedarSet([a]).has(b), expected)
          assert.equal(new CedarSet([a]).equals(new CedarSet([b, b])), expected)
        }
        assert.ok(set.has(a) && set.holdsAll(new CedarSet([a])) && set.holdsAny(new CedarSet([a])))
      }
    }),
    { numRuns: 1_000 },
  )
  assert.ok(equals > 100)
})

test('INV-10 values that nest are compared by what they hold, not by two to the power of their depth', () => {
  const nested = (inner: Value): Value => {
    let value = inner
    for (let depth = 0; depth < 200; depth++) {
      value = depth % 2 === 0 ? new CedarSet([value]) : new PlainRecord(new Map([['"\\', value]]))
    }
    return value
  }
  assert.ok(equal(nested(1n), nested(1n)))
  assert.ok(!equal(nested(1n), nested(2n)))
})
