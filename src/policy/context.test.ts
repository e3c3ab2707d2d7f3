// Holds the tests of the context: exact integers through the library, names that mean something elsewhere, inexact numbers.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compiled, json, request, system } from './fixture.test.ts'

const NUMBERS = system('numbers', {
  take: {
    input: {
      type: 'object',
      properties: {
        n: { type: 'integer' },
        x: { type: 'number' },
        xs: { type: 'array', items: { type: 'number' } },
        ns: { type: 'array', items: { type: 'integer' } },
      },
    },
  },
})

function take(condition: string, effect = 'permit', more = '') {
  const rule = `@id("r") ${effect} (principal, action == Action::"numbers/take", resource) when { ${condition} };`
  const set = compiled(rule + more, [NUMBERS])
  return (input: string) =>
    set.decide(
      request({ system: 'numbers', action: 'take', effects: ['read'], input: json(input) }),
    )
}

test('INV-12 no integer is rounded on its way into the library', () => {
  for (const text of [
    '9007199254740991',
    '9007199254740992',
    '9007199254740993',
    '-9007199254740993',
    '1234567890123456789',
    '9223372036854775807',
    '-9223372036854775808',
  ]) {
    const is = take(`context.input has n && context.input.n == ${text}`)
    assert.equal(is(`{"n":${text}}`).answer, 'allow', text)
    const value = BigInt(text)
    for (const other of [value - 1n, value + 1n]) {
      assert.equal(is(`{"n":${other}}`).answer, 'deny', `${other} is not ${text}`)
    }
    const among = take(`context.input has ns && context.input.ns.contains(${text})`)
    assert.equal(among(`{"ns":[1,${text}]}`).answer, 'allow')
    assert.equal(among(`{"ns":[1,${value - 1n}]}`).answer, 'deny')
  }
})

test('an integer beyond 64 bits is refused, whatever the policies say', () => {
  const any = take('true')
  for (const text of ['9223372036854775808', '-9223372036854775809', '1e30']) {
    const decision = any(`{"n":${text}}`)
    assert.equal(decision.answer, 'deny')
    assert.equal(decision.reason, 'the argument `/n` is not an integer of 64 bits')
  }
})

test('integers in other spellings are the integers that they are', () => {
  const is = take('context.input has n && context.input.n == 1000')
  for (const text of ['1000', '1e3', '1000.0', '1000000e-3']) {
    assert.equal(is(`{"n":${text}}`).answer, 'allow', text)
  }
})

test('a number is a decimal, exactly', () => {
  const over = take('context.input has x && context.input.x.greaterThan(decimal("99.9999"))')
  assert.equal(over('{"x":100}').answer, 'allow')
  assert.equal(over('{"x":99.99990}').answer, 'deny')
  assert.equal(over('{"x":99.9999}').answer, 'deny')
})

test('INV-2 a number that a decimal cannot say makes a forbid that compares it err, and so deny', () => {
  const permit = '@id("p") permit (principal, action, resource);'
  const limit = take(
    'context.input has x && context.input.x.greaterThan(decimal("100.0"))',
    'forbid',
    permit,
  )
  assert.equal(limit('{"x":99}').answer, 'allow')
  assert.equal(limit('{"x":101}').answer, 'deny')
  for (const text of ['100.00001', '0.00001', '1e300', '1e999999999']) {
    const decision = limit(`{"x":${text}}`)
    assert.equal(decision.answer, 'deny', text)
    assert.equal(decision.parties[0]?.errors[0]?.id, 'r')
  }
  assert.equal(limit('{}').answer, 'allow')
  const except = take(
    'context.input has xs && context.input.xs.contains(decimal("1.0"))',
    'forbid',
    permit,
  )
  assert.equal(except('{"xs":[1.00001]}').answer, 'allow', 'truly not 1')
  assert.equal(except('{"xs":[1.00001, 1]}').answer, 'deny')
})

const NAMES = system('names', {
  take: {
    input: {
      type: 'object',
      properties: {
        __entity: {
          type: 'object',
          properties: { type: { type: 'string' }, id: { type: 'string' } },
        },
        __extn: { type: 'object', properties: { fn: { type: 'string' }, arg: { type: 'string' } } },
        __expr: { type: 'string' },
        constructor: { type: 'string' },
        toString: { type: 'boolean' },
        hasOwnProperty: { type: 'integer' },
        'a-b': { type: 'string' },
        '': { type: 'string' },
        'ключ "x"\n': { type: 'string' },
        type: { type: 'string' },
        nested: {
          type: 'object',
          properties: { __entity: { type: 'string' }, ok: { type: 'string' } },
        },
      },
    },
  },
})

function names(condition: string) {
  const rule = `@id("r") permit (principal, action == Action::"names/take", resource) when { ${condition} };`
  const set = compiled(rule, [NAMES])
  return (input: string) =>
    set.decide(request({ system: 'names', action: 'take', effects: ['read'], input: json(input) }))
      .answer
}

test('INV-11 an argument cannot make itself an entity, an extension value or an unknown', () => {
  const seen = names('context.unseen.containsAll(["/__entity", "/__extn", "/nested/__entity"])')
  const input = {
    __entity: { type: 'Role', id: 'admin' },
    __extn: { fn: 'unknown', arg: 'x' },
    nested: { __entity: { type: 'Role', id: 'admin' } },
  }
  assert.equal(seen(JSON.stringify(input)), 'allow')
  const text = names('context.input has type && context.input.type == "Role"')
  assert.equal(text('{"type":"Role","__entity":{"type":"Role","id":"admin"}}'), 'allow')
})

test('names that mean something to JavaScript, hyphens, quotes and empty names are names', () => {
  assert.equal(names('context.input has constructor')('{}'), 'deny')
  assert.equal(names('context.input has toString')('{"toString":false}'), 'allow')
  assert.equal(
    names('context.input has "a-b" && context.input["a-b"] == "c"')('{"a-b":"c"}'),
    'allow',
  )
  assert.equal(names('context.input has "" && context.input[""] == "c"')('{"":"c"}'), 'allow')
  const odd = names(
    'context.input has "ключ \\"x\\"\\n" && context.input["ключ \\"x\\"\\n"] == "c"',
  )
  assert.equal(odd(JSON.stringify({ 'ключ "x"\n': 'c' })), 'allow')
  assert.equal(odd('{}'), 'deny')
})

test('what is left out is named, and the list of it ends', () => {
  const few = names('context.unseen == ["/x~0y", "/x~1y"]')
  assert.equal(few('{"x/y":1,"x~y":2}'), 'allow')
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, i]))
  assert.equal(names('context.unseen.contains("…")')(JSON.stringify(many)), 'allow')
})
