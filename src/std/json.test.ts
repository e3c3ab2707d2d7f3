// Holds tests of the strict reader: what it takes it gives back to the digit, and what two readers could read differently it refuses.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from './bytes.ts'
import { Fault } from './fault.ts'
import {
  canonicalJson,
  JsonNumber,
  parseJson,
  REQUEST_LIMITS,
  RESPONSE_LIMITS,
  stringifyJson,
  type Json,
} from './json.ts'
import { asLine } from './json-line.ts'

const read = (text: string): Json => parseJson(utf8(text))

function codeOf(input: Uint8Array | string, limits = REQUEST_LIMITS): string {
  try {
    parseJson(typeof input === 'string' ? utf8(input) : input, limits)
  } catch (error) {
    assert.ok(error instanceof Fault, String(error))
    return error.code
  }
  return 'taken'
}

/** JSON text as other programs write it: any spacing, any escapes, any digits. */
const number = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(fc.constant('0'), fc.bigInt({ min: 1n, max: 10n ** 30n }).map(String)),
    fc.oneof(fc.constant(''), fc.stringMatching(/^\.[0-9]{1,25}$/)),
    fc.oneof(fc.constant(''), fc.stringMatching(/^[eE][+-]?[0-9]{1,4}$/)),
  )
  .map((parts) => parts.join(''))
const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/)
const text = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom('null', 'true', 'false'),
    number,
    fc.string({ unit: 'grapheme' }).map((s) => JSON.stringify(s)),
    tie('array'),
    tie('object'),
  ),
  array: fc
    .tuple(space, fc.array(tie('value'), { maxLength: 5 }))
    .map(([s, values]) => `[${s}${values.join(`${s},${s}`)}${s}]`),
  object: fc
    .tuple(
      space,
      fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,6}$/), tie('value')), { maxLength: 5 }),
    )
    .map(([s, entries]) => {
      const once = new Map(entries)
      return `{${s}${[...once].map(([k, v]) => `"${k}"${s}:${s}${v}`).join(`,${s}`)}${s}}`
    }),
})).value

test('INV-12 what was read is written back with every digit, and reads the same again', () => {
  fc.assert(
    fc.property(text, (given) => {
      const written = stringifyJson(read(given))
      // The same tokens, white space and spelling of strings apart.
      assert.equal(stringifyJson(read(written)), written)
      const digits = (source: string): string[] =>
        source.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').match(/-?\d[\d.eE+-]*/g) ?? []
      assert.deepEqual(digits(written), digits(given))
      assert.deepEqual(JSON.parse(written), JSON.parse(given))
    }),
    { numRuns: 2_000 },
  )
})

test('whatever it takes, JSON.parse takes as well; whatever JSON.parse refuses, it refuses', () => {
  fc.assert(
    fc.property(
      fc.oneof(text, fc.string(), fc.json()),
      fc.nat(),
      fc.string(),
      (base, at, noise) => {
        const cut = at % (base.length + 1)
        const given = base.slice(0, cut) + noise.slice(0, 2) + base.slice(cut)
        if (codeOf(given) !== 'taken') return
        assert.doesNotThrow(() => JSON.parse(given) as unknown, given)
      },
    ),
    { numRuns: 5_000 },
  )
})

test('any bytes are taken or refused with a code of the catalogue, and never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.match(codeOf(bytes), /^(taken|json\.[a-z0-9_]+)$/)
    }),
    { numRuns: 5_000 },
  )
})

test('a number is plain where its shortest text is what was read, and exact text where it is not', () => {
  for (const plain of ['0', '1', '-1', '1.5', '9007199254740991', '1e+21', '5e-324']) {
    assert.equal(typeof read(plain), 'number', plain)
  }
  for (const exact of [
    '-0',
    '1.0',
    '1e5',
    '9007199254740993',
    '0.10',
    '1e400',
    '123456789012345678901',
  ]) {
    const value = read(exact)
    assert.ok(value instanceof JsonNumber, exact)
    assert.equal(value.text, exact)
    assert.equal(canonicalJson(value), exact)
  }
})

test('keys that one reader would take for another are refused', () => {
  assert.equal(codeOf('{"a":1,"a":1}'), 'json.duplicate_key')
  assert.equal(codeOf('{"a":1,"\\u0061":1}'), 'json.duplicate_key')
  for (const [one, other] of [
    ['path', 'Path'],
    ['ﬁle', 'file'],
    ['é', 'e\u0301'],
    ['ß', 'SS'],
    ['K', '\u212a'],
    ['a b', 'A B'],
  ] as const) {
    const both = `{${JSON.stringify(one)}:1,${JSON.stringify(other)}:2}`
    assert.equal(codeOf(both), 'json.ambiguous_key', both)
    assert.equal(codeOf(both, RESPONSE_LIMITS), 'taken', both)
  }
  assert.equal(codeOf('{"x":{"a":1},"y":{"A":1}}'), 'taken')
  assert.equal(codeOf('{"__proto__":{}}'), 'json.forbidden_key')
  const plain = read('{"constructor":1,"toString":2}') as Record<string, Json>
  assert.equal(plain['constructor'], 1)
  assert.equal(Object.getPrototypeOf(plain), null)
})

test('what is no document of RFC 8259, or no UTF-8, is refused by name', () => {
  for (const [input, code] of [
    ['', 'json.syntax'],
    [' ', 'json.syntax'],
    ['{"a":1,}', 'json.syntax'],
    ['[1 2]', 'json.syntax'],
    ["{'a':1}", 'json.syntax'],
    ['01', 'json.syntax'],
    ['+1', 'json.syntax'],
    ['.5', 'json.syntax'],
    ['NaN', 'json.syntax'],
    ['"\n"', 'json.syntax'],
    ['"\\x"', 'json.syntax'],
    ['"\\u12"', 'json.syntax'],
    ['// no\n1', 'json.syntax'],
    ['1 1', 'json.syntax'],
    ['"\\ud800"', 'json.surrogate'],
    ['"\\udc00\\ud800"', 'json.surrogate'],
    ['\ufeff1', 'json.utf8'],
  ] as const) {
    assert.equal(codeOf(input), code, input)
  }
  assert.equal(codeOf(Uint8Array.of(0x22, 0xff, 0x22)), 'json.utf8')
  assert.equal(codeOf(Uint8Array.of(0x22, 0xc0, 0x80, 0x22)), 'json.utf8')
  assert.equal(codeOf(Uint8Array.of(0xff, 0xfe, 0x31, 0x00)), 'json.utf8')
  assert.equal(read('"\\ud83d\\ude00"'), '😀')
})

test('size, depth and count are bounded', () => {
  const limits = { ...REQUEST_LIMITS, bytes: 100, depth: 3, values: 10 }
  assert.equal(codeOf(`"${'x'.repeat(98)}"`, limits), 'taken')
  assert.equal(codeOf(`"${'x'.repeat(99)}"`, limits), 'json.bytes')
  assert.equal(codeOf('[[[1]]]', limits), 'taken')
  assert.equal(codeOf('[[[[]]]]', limits), 'json.depth')
  assert.equal(codeOf('[1,2,3,4,5,6,7,8,9]', limits), 'taken')
  assert.equal(codeOf('[1,2,3,4,5,6,7,8,9,10]', limits), 'json.values')
  assert.equal(codeOf('['.repeat(500_000)), 'json.depth')
})

test('canonical form orders keys by code units and is the same for the same tree (RFC 8785 §3.2.3)', () => {
  const tree = read(
    '{"\\u20ac":1,"\\r":2,"\\ufb33":3,"1":4,"\\ud83d\\ude00":5,"\\u0080":6,"\\u00f6":7}',
  )
  assert.equal(canonicalJson(tree), '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}')
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.integer()), (entries) => {
      const shuffled = Object.fromEntries(Object.entries(entries).reverse())
      assert.equal(canonicalJson(entries), canonicalJson(shuffled))
    }),
  )
})

test('INV-12 one line of JSON is one line for every reader', () => {
  const given = read('{"a":"x\\u2028\\u2029\\u0085y","\\u2028":1}')
  const line = asLine(stringifyJson(given))
  assert.equal(line.split(/\r\n|[\n\v\f\r\u0085\u2028\u2029]/).length, 1)
  assert.equal(stringifyJson(read(line)), stringifyJson(given))
})

test('canonical form is the same however a tree was made, and leaves the tree as it was', () => {
  const keys = fc.oneof(fc.string(), fc.nat().map(String), fc.constantFrom('__proto__', 'a', 'b'))
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(keys, tie('tree'), { maxKeys: 40, noNullPrototype: true }),
    ),
  }))
  fc.assert(
    fc.property(tree, (value) => {
      const before = JSON.stringify(value)
      const text = canonicalJson(value as Json)
      assert.equal(text, reference(value))
      assert.equal(JSON.stringify(value), before)
    }),
  )
  const exact = { b: new JsonNumber('1.0'), a: [new JsonNumber('9007199254740993')] }
  assert.equal(canonicalJson(exact), '{"a":[9007199254740993],"b":1.0}')
  for (const odd of [Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => canonicalJson({ deep: [{ b: 1, a: odd }] }), TypeError)
  }
})

/** RFC 8785 as its text says it, without regard to time. */
function reference(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(reference).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const keys = Object.keys(value).sort()
  const entry = (key: string): string =>
    `${JSON.stringify(key)}:${reference((value as Record<string, unknown>)[key])}`
  return `{${keys.map(entry).join(',')}}`
}
