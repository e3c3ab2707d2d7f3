// Holds attacks on the evaluation of policies: whatever is asked, what is compiled answers as the library does.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs'
import fc from 'fast-check'
import { both, permits } from '../differential/ask.ts'
import { BAD_TEXTS } from '../differential/schema.ts'
import type { ExtensionName } from '../differential/value.ts'

const { rawJSON } = JSON as unknown as { rawJSON: (this: void, text: string) => CedarValueJson }

/** One value of every kind, and of every kind one that looks like another's. */
const KINDS = [
  'true',
  '0',
  '1',
  '"1"',
  '"true"',
  '""',
  'User::"ada"',
  'User::"1"',
  '[]',
  '[1]',
  '["1"]',
  '[User::"ada"]',
  '[[1]]',
  '{}',
  '{a: 1}',
  '{a: [1]}',
  'decimal("1.0")',
  'ip("1.2.3.4")',
  'datetime("1970-01-01")',
  'duration("1ms")',
  'principal.lost',
]

test('INV-2 type confusion: every operator on every pair of kinds', () => {
  const binary = ['==', '!=', '<', '<=', '>', '>=', '+', '-', '*', 'in', '&&', '||']
  const methods = ['contains', 'containsAll', 'containsAny', 'getTag', 'hasTag']
  const extension = ['lessThan', 'greaterThanOrEqual', 'isInRange', 'offset', 'durationSince']
  const expressions = KINDS.flatMap((a) =>
    KINDS.flatMap((b) => [
      ...binary.map((operator) => `(${a} ${operator} ${b}) == true`),
      ...[...methods, ...extension].map((name) => `(${a}).${name}(${b}) == true`),
    ]),
  )
  const answer = both(permits(expressions))()
  assert.ok(answer.errors.length > 1_000 && answer.reasons.length > 100)
})

test('INV-2 type confusion: every operator on one operand of every kind', () => {
  const none = ['isEmpty', 'isIpv4', 'isLoopback', 'isMulticast', 'toDate', 'toTime', 'toDays']
  const expressions = KINDS.flatMap((a) => [
    ...none.map((name) => `(${a}).${name}() == (${a}).${name}()`),
    ...['decimal', 'ip', 'datetime', 'duration'].map((name) => `${name}(${a}) == ${name}(${a})`),
    `!(${a})`,
    `-(${a}) == 1`,
    `(${a}) like "*"`,
    `(${a}) has a`,
    `(${a}) has a.b`,
    `(${a}).a == 1`,
    `(${a}) is User`,
    `(${a}) is User in (${a})`,
    `if (${a}) then true else false`,
    a,
  ])
  const answer = both(permits(expressions))()
  assert.ok(answer.errors.length > 100 && answer.reasons.length > 20)
})

const EDGES = [
  0n,
  1n,
  -1n,
  2n,
  3_037_000_499n,
  3_037_000_500n,
  -3_037_000_500n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  -(2n ** 53n) - 1n,
  2n ** 62n,
  2n ** 63n - 2n,
  2n ** 63n - 1n,
  -(2n ** 63n) + 1n,
  -(2n ** 63n),
]

test('INV-2 integers: every operation at every edge, written in a policy and sent in a call', () => {
  const operators = ['+', '-', '*', '<', '<=', '>', '>=', '==', '!=']
  const pairs = EDGES.flatMap((a) => EDGES.map((b) => [a, b] as const))
  const written = pairs.flatMap(([a, b]) =>
    operators.map((operator) => `(((${a}) ${operator} (${b})) == (${a})) == true`),
  )
  assert.ok(
    both(permits([...written, ...EDGES.map((a) => `-(${a}) == ${a}`)]))().errors.length > 100,
  )
  const sent = operators.map((operator) => `(context.a ${operator} context.b) == context.a`)
  const ask = both(permits([...sent, '-context.a == context.b', 'context.b == -context.a']))
  let overflows = 0
  for (const [a, b] of pairs) {
    overflows += ask({ a: rawJSON(String(a)), b: rawJSON(String(b)) }).errors.length
  }
  assert.ok(overflows > 50)
})

test('INV-12 integers: what a double would take for one is two, in literals, sets, records and negation', () => {
  const close = [
    '9007199254740992',
    '9007199254740993',
    '9223372036854775806',
    '9223372036854775807',
  ]
  const expressions = close.flatMap((a) =>
    close.flatMap((b) => [
      `${a} == ${b}`,
      `-${a} == -${b}`,
      `[${a}].contains(${b})`,
      `{n: ${a}} == {n: ${b}}`,
      `[${a}, ${b}] == [${b}]`,
      `"${a}" == "${b}"`,
    ]),
  )
  const { reasons } = both(
    permits([...expressions, '- 9223372036854775808 < -9223372036854775807']),
  )()
  assert.equal(reasons.length, close.length * 6 + 1, 'each is equal to itself alone')
})

const PIECES = ['', '*', '\\*', 'a', 'b', 'aa', 'é', 'e\u0301', '😀', '?', '.', '[', '(a+)+']

test('INV-2 `like`: random patterns and texts, and one that makes a naive matcher run for ever', () => {
  const patterns = fc.sample(
    fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 6 }).map((all) => all.join('')),
    { numRuns: 300, seed: 1 },
  )
  const texts = fc.sample(
    fc.array(fc.constantFrom('a', 'b', 'é', 'e\u0301', '😀', '*', '\\'), { maxLength: 8 }),
    { numRuns: 60, seed: 2 },
  )
  const ask = both(permits(patterns.map((pattern) => `context.t like "${pattern}"`)))
  for (const text of texts) ask({ t: text.join('') })
  const naive = both(permits([`context.t like "${'*a'.repeat(50)}*b"`, 'context.t like "*ab*"']))
  assert.deepEqual(naive({ t: 'a'.repeat(20_000) }).reasons, [])
})

test('INV-2 Unicode: names and texts that look alike are not the same', () => {
  const alike = [
    'é',
    'e\u0301',
    'a',
    'а',
    'A',
    'Å',
    '\u212b',
    'ﬁ',
    'fi',
    '１',
    '1',
    'a\u200b',
    'ß',
    'ss',
  ]
  const quoted = alike.map((text) => JSON.stringify(text).replace('\u200b', '\\u{200b}'))
  const expressions = quoted.flatMap((a) =>
    quoted.flatMap((b) => [
      `${a} == ${b}`,
      `User::${a} == User::${b}`,
      `{${a}: 1} has ${b}`,
      `${a} like ${b}`,
      `[${a}].contains(${b})`,
      `User::${a} in [User::${b}]`,
    ]),
  )
  const { reasons, errors } = both(permits(expressions))()
  assert.equal(reasons.length, alike.length * 6)
  assert.equal(errors.length, 0)
})

const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '']

test('INV-11 names that mean something to JavaScript are attributes and tags like any other', () => {
  const quoted = NAMES.map((name) => JSON.stringify(name))
  const expressions = quoted.flatMap((name) => [
    `context has ${name}`,
    `context[${name}] == 1`,
    `{} has ${name}`,
    `{${name}: 1} == {}`,
    `{${name}: 1}[${name}] == 1`,
    `principal has ${name}`,
    `principal.hasTag(${name})`,
    `principal.getTag(${name}) == 1`,
    `User::${name} == User::"ada"`,
    `User::"nobody" has ${name}`,
  ])
  const own = (value: number) => {
    const out = Object.create(null) as Record<string, CedarValueJson>
    for (const name of NAMES) out[name] = value
    return out
  }
  const uid = { type: 'User', id: 'ada' }
  const bare = both(permits(expressions), [{ uid, attrs: {}, parents: [], tags: {} }])
  assert.ok(bare({}).errors.length >= 2 * NAMES.length)
  const full = both(permits(expressions), [{ uid, attrs: own(1), parents: [], tags: own(1) }])
  assert.equal(full(own(1)).errors.length, 0)
})

const TEXTS: Readonly<Record<ExtensionName, string>> = {
  decimal: '0123456789.-+ e٣',
  ip: '0123456789abcfF:./%-',
  datetime: '0123459-:.TZ+ tz',
  duration: '0123456789dhms-+.',
}

/** Texts that nearly are, or are, what a constructor takes. */
function nearly(kind: ExtensionName, good: readonly string[]): string[] {
  const characters = Array.from(TEXTS[kind])
  const wild = fc
    .array(fc.constantFrom(...characters), { maxLength: 12 })
    .map((all) => all.join(''))
  const bent = fc
    .tuple(fc.constantFrom(...good), fc.nat(30), fc.constantFrom('', ...characters))
    .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1))
  return [
    ...BAD_TEXTS[kind],
    ...good,
    ...fc.sample(fc.oneof(wild, bent), { numRuns: 400, seed: 3 }),
  ]
}

const LOOKS: Readonly<Record<ExtensionName, readonly string[]>> = {
  decimal: ['X == Y', 'X.lessThan(Y)', 'X.greaterThanOrEqual(Y)', '[X].contains(Y)'],
  ip: [
    'X == Y',
    'X.isInRange(Y)',
    'X.isLoopback()',
    'X.isMulticast()',
    'X.isIpv4()',
    '[X].contains(Y)',
  ],
  datetime: [
    'X == Y',
    'X < Y',
    'X.toDate() == Y.toDate()',
    'X.toTime() == Y.toTime()',
    'X.durationSince(Y) > duration("1d")',
  ],
  duration: [
    'X == Y',
    'X < Y',
    'X.toSeconds() == Y.toSeconds()',
    'X.toDays() < Y.toHours()',
    'datetime("1970-01-01").offset(X) < datetime("1970-01-02").offset(Y)',
  ],
}

const GOOD: Readonly<Record<ExtensionName, readonly string[]>> = {
  decimal: ['1.0', '-1.2345', '922337203685477.5807', '-922337203685477.5808', '-0.0001', '0.5'],
  ip: [
    '10.0.0.1/8',
    '127.0.0.1',
    '127.0.0.0/8',
    '224.0.0.0/4',
    '::1',
    '1:2:3:4:5:6:7:8/64',
    'ff02::1/16',
    'a::b',
    '8.8.8.8/0',
  ],
  datetime: [
    '2024-02-29',
    '1969-12-31T23:59:59.999Z',
    '2024-12-31T23:59:59Z',
    '2000-02-29T00:00:00+2359',
    '0000-01-01T00:00:00-0001',
    '9999-12-31T23:59:59.999-2359',
  ],
  duration: [
    '1d2h3m4s5ms',
    '-1d',
    '0ms',
    '106751991167d7h12m55s807ms',
    '-106751991167d7h12m55s808ms',
    '36h',
  ],
}

for (const kind of ['decimal', 'ip', 'datetime', 'duration'] as const) {
  test(`INV-2 edge forms of ${kind}: 400 texts that nearly are one`, () => {
    const looks = LOOKS[kind].map((text) =>
      text.replaceAll('X', `${kind}(context.x)`).replaceAll('Y', `${kind}(context.y)`),
    )
    const ask = both(permits([`${kind}(context.x) == ${kind}(context.x)`, ...looks]))
    const texts = nearly(kind, GOOD[kind])
    let taken = 0
    for (const [at, x] of texts.entries()) {
      const y = GOOD[kind][at % GOOD[kind].length]!
      if (ask({ x, y }).reasons.includes('0')) taken++
    }
    assert.ok(taken > GOOD[kind].length && taken < texts.length, `${taken} of ${texts.length}`)
  })
}

const MANY = 100_000

test('INV-10 huge sets: 100,000 elements, from a call and against one that a policy holds', () => {
  const all = Array.from({ length: MANY }, (_, at) => at)
  const ask = both(
    permits([
      'context.all.contains(99999)',
      'context.all.contains("99999")',
      'context.all.containsAll(context.same)',
      'context.all == context.same',
      'context.all.containsAny([-1, 100000])',
      `[${all.slice(0, 20_000).join(', ')}].containsAll([19999, 0])`,
    ]),
  )
  assert.deepEqual(ask({ all, same: [...all].reverse() }).reasons, ['0', '2', '3', '5'])
})

test('INV-10 deep values: sets and records in one another, compared in time that their size bounds', () => {
  const nest = (inner: CedarValueJson, depth: number): CedarValueJson => {
    let value = inner
    for (let at = 0; at < depth; at++) value = at % 2 === 0 ? [value, [at]] : { a: value, b: '"\\' }
    return value
  }
  const ask = both(
    permits([
      'context.x == context.y',
      '[context.x].contains(context.y)',
      'context.x == context.z',
    ]),
  )
  const context = { x: nest(1, 60), y: nest(1, 60), z: nest(2, 60) }
  assert.deepEqual(ask(context).reasons, ['0', '1'])
})
