// Holds the tests of the check of arguments: ajv as the oracle where it can be one, and what is stricter here on purpose.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { utf8 } from '../std/bytes.ts'
import { isObject, parseJson, type Json, type JsonObject } from '../std/json.ts'
import { argumentProblem, schemaProblem } from './arguments.ts'
import { check } from './schema/check.ts'
import { UnreadableSchema } from './schema/node.ts'
import { readSchema } from './schema/read.ts'
import { Run } from './schema/run.ts'

let made = 0

function object(text: string): JsonObject {
  const value = parseJson(utf8(text))
  if (!isObject(value)) throw new TypeError('no object')
  return value
}

/** What is wrong with arguments under a schema, both as JSON text. */
function problem(schema: string, input: string): string | undefined {
  const action = { name: 'act', inputSchema: object(schema), effects: [], digest: `d${made++}` }
  return argumentProblem(action, object(input))
}

const open = (): Run => new Run((node, value, run) => check(node, value, false, run))

const scalar = fc.constantFrom<Json>(null, true, 0, 1, 2, 1.5, -3, '', 'a', 'bc', '😀')
const value = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  ),
})).value

const keyword = (schema: fc.Arbitrary<Json>): fc.Arbitrary<readonly [string, Json]> => {
  const one = (name: string, of: fc.Arbitrary<Json>) => of.map((said) => [name, said] as const)
  const count = fc.nat(3)
  const list = fc.array(schema, { minLength: 1, maxLength: 2 })
  const members = fc.dictionary(fc.constantFrom('a', 'b'), schema, {
    maxKeys: 2,
    noNullPrototype: true,
  })
  const types = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object']
  return fc.oneof(
    one('type', fc.constantFrom(...types)),
    one('enum', fc.uniqueArray(scalar, { minLength: 1, maxLength: 3 })),
    one('const', value),
    ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'].map((name) =>
      one(name, count),
    ),
    ...['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'].map(
      (name) => one(name, count),
    ),
    one('multipleOf', fc.constantFrom(1, 2, 0.5)),
    one('pattern', fc.constantFrom('^a', 'b+c?$', '[^a]', 'a|b', '^.{1,2}$')),
    one('uniqueItems', fc.boolean()),
    one('items', schema),
    one('prefixItems', list),
    // ajv takes an empty array for one that contains anything at all.
    one(
      'contains',
      fc.constantFrom<Json>({ const: 1 }, { type: 'string' }, { minItems: 1, type: 'array' }),
    ),
    one('properties', members),
    one(
      'patternProperties',
      fc.dictionary(fc.constantFrom('^a', 'c'), schema, { maxKeys: 2, noNullPrototype: true }),
    ),
    ...['additionalProperties', 'unevaluatedProperties', 'unevaluatedItems', 'propertyNames'].map(
      (name) => one(name, schema),
    ),
    one('required', fc.uniqueArray(fc.constantFrom('a', 'b'), { maxLength: 2 })),
    one('dependentRequired', fc.constantFrom<Json>({ a: ['b'] }, { b: ['c', 'a'] })),
    one('dependentSchemas', members),
    ...['allOf', 'anyOf', 'oneOf'].map((name) => one(name, list)),
    ...['not', 'if', 'then', 'else'].map((name) => one(name, schema)),
  )
}

const schemas = fc.letrec<{ schema: Json }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.boolean(),
    fc
      .array(keyword(tie('schema')), { maxLength: 4 })
      .map((said): Json => Object.fromEntries(said)),
  ),
})).schema

/** What ajv says; undefined where the code that it made for the schema fails by itself. */
function ajvSays(ajv: Ajv2020, schema: JsonObject, tree: Json): boolean | undefined {
  const validate = ajv.compile(schema)
  try {
    return validate(tree)
  } catch (error) {
    if (error instanceof TypeError || error instanceof ReferenceError) return undefined
    throw error
  }
}

test('any value fits a schema exactly where ajv says so', () => {
  const ajv = new Ajv2020({ strict: false, logger: false })
  let fitting = 0
  fc.assert(
    fc.property(schemas, value, (schema, tree) => {
      fc.pre(isObject(schema))
      // ajv counts what an `if` says that does not hold as evaluated; the specification does not (Core §11.3).
      const said = JSON.stringify(schema)
      fc.pre(!said.includes('"if"') || !said.includes('unevaluated'))
      // Nor does it look for what an empty array has to contain where a prefix is named.
      fc.pre(!said.includes('contains') || !said.includes('prefixItems'))
      // It loses what a branch evaluated (Core §11), and counts what branches that do not hold looked at; a test below says ours.
      fc.pre(!said.includes('unevaluated') || !/"(anyOf|oneOf|contains)"/.test(said))
      // What has to stand in an empty array it forgets after one that had it.
      fc.pre(!said.includes('contains') || !JSON.stringify(tree).includes('[]'))
      const oracle = ajvSays(ajv, schema, tree)
      fc.pre(oracle !== undefined)
      const found = check(readSchema(schema), tree, false, open())
      if (oracle) fitting++
      assert.equal(found === undefined, oracle, JSON.stringify({ schema, tree, found }))
    }),
    { numRuns: 3_000 },
  )
  assert.ok(fitting > 300, `only ${fitting} fitted`)
})

test('JSON Schema Core §11.2 an item counts as evaluated where a branch that holds looked at it', () => {
  const said = (branches: string, items: string): string | undefined =>
    problem(`{"properties":{"n":{"unevaluatedItems":false,${branches}}}}`, `{"n":${items}}`)
  assert.equal(said('"oneOf":[{"items":true}]', '[[],[]]'), undefined)
  assert.equal(said('"anyOf":[{"prefixItems":[{"type":"null"}]},{}]', '[null]'), undefined)
  const refused = /`\/n\/0` is not allowed/
  assert.match(said('"oneOf":[{"prefixItems":[{"type":"null"}]},{}]', '[{}]') ?? '', refused)
  assert.match(said('"anyOf":[{},{"items":false}]', '[{}]') ?? '', refused)
  assert.match(said('"contains":{"type":"string"}', '["b",[]]') ?? '', /`\/n\/1` is not allowed/)
})

test('what `enum` and `const` say of one value holds together', () => {
  const at =
    '{"properties":{"n":{"enum":["a","b"],"const":"c"},"m":{"enum":["a","b"],"const":"b"}}}'
  assert.match(problem(at, '{"n":"c"}') ?? '', /`\/n` must be equal/)
  assert.match(problem(at, '{"n":"a"}') ?? '', /`\/n` must be equal/)
  assert.match(problem(at, '{"m":"a"}') ?? '', /`\/m` must be equal/)
  assert.equal(problem(at, '{"m":"b"}'), undefined)
})

test('closing only ever refuses more, and a schema that speaks of further members is as ajv has it', () => {
  fc.assert(
    fc.property(schemas, value, (schema, tree) => {
      fc.pre(isObject(schema) && isObject(tree))
      const inputSchema = schema
      const action = { name: 'act', inputSchema, effects: [], digest: `d${made++}` }
      const loose = check(readSchema(schema), tree, false, open())
      if (loose !== undefined) assert.notEqual(argumentProblem(action, tree), undefined)
    }),
    { numRuns: 1_000 },
  )
})

test('INV-12 bounds of integers and fractions are exact, where a double would round them', () => {
  const at = '{"properties":{"n":{"type":"integer","maximum":9007199254740992}}}'
  assert.equal(problem(at, '{"n":9007199254740992}'), undefined)
  assert.match(problem(at, '{"n":9007199254740993}') ?? '', /`\/n` must be <=/)
  const low = '{"properties":{"n":{"exclusiveMinimum":0.1}}}'
  assert.equal(problem(low, '{"n":0.10000000000000000000001}'), undefined)
  assert.match(problem(low, '{"n":0.1}') ?? '', /must be >/)
  const huge = '{"properties":{"n":{"maximum":1e308}}}'
  assert.match(problem(huge, '{"n":1e400}') ?? '', /must be <=/)
  assert.equal(problem(huge, '{"n":-1e999999999}'), undefined)
  const cents = '{"properties":{"n":{"multipleOf":0.01}}}'
  assert.equal(problem(cents, '{"n":19.99}'), undefined)
  assert.match(problem(cents, '{"n":19.999}') ?? '', /multiple/)
  assert.match(problem(cents, '{"n":1e999999999}') ?? '', /multiple/)
  const one = '{"properties":{"n":{"const":1}}}'
  assert.equal(problem(one, '{"n":1.0}'), undefined)
  assert.match(problem(one, '{"n":1.00000000000000000001}') ?? '', /allowed/)
})

test('members that nobody names are refused at every depth, unless the tool allows them', () => {
  const deep =
    '{"properties":{"a":{"type":"object","properties":{"b":{"type":"array","items":{"properties":{"c":{}}}}}}}}'
  assert.equal(problem(deep, '{"a":{"b":[{"c":1}]}}'), undefined)
  assert.match(
    problem(deep, '{"a":{"b":[{"c":1},{"d":1}]}}') ?? '',
    /`\/a\/b\/1` has no property `d`/,
  )
  assert.match(problem(deep, '{"a":{"x":1}}') ?? '', /`\/a` has no property `x`/)
  const free =
    '{"properties":{"labels":{"type":"object"},"more":{"properties":{"a":{}},"additionalProperties":true}}}'
  assert.equal(problem(free, '{"labels":{"x":1},"more":{"a":1,"b":{"c":2}}}'), undefined)
  assert.match(problem('{"type":"object"}', '{"x":1}') ?? '', /the arguments has no property `x`/)
  assert.equal(problem('{"type":"object","additionalProperties":{}}', '{"x":1}'), undefined)
})

test('composed schemas are asked together, also below: what one branch names, another does not refuse', () => {
  const both =
    '{"allOf":[{"properties":{"a":{"properties":{"b":{}}}}},{"$ref":"#/$defs/more"}],"$defs":{"more":{"properties":{"a":{"properties":{"c":{}}}}}}}'
  assert.equal(problem(both, '{"a":{"b":1,"c":2}}'), undefined)
  assert.match(problem(both, '{"a":{"b":1,"d":2}}') ?? '', /`\/a` has no property `d`/)
  const either =
    '{"oneOf":[{"properties":{"kind":{"const":"x"},"x":{}},"required":["kind"]},{"properties":{"kind":{"const":"y"},"y":{}},"required":["kind"]}]}'
  assert.equal(problem(either, '{"kind":"x","x":1}'), undefined)
  assert.match(problem(either, '{"kind":"x","y":1}') ?? '', /has no property `y`/)
  const nested = `{"properties":{"filter":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/f"}]}},"$defs":{"f":{"type":"object","properties":{"a":{},"sub":{"$ref":"#/$defs/f"}}}}}`
  assert.equal(problem(nested, '{"filter":{"sub":{"sub":{"a":1}}}}'), undefined)
  assert.match(problem(nested, '{"filter":{"sub":{"sub":{"z":1}}}}') ?? '', /`\/filter\/sub\/sub`/)
})

test('formats that are promised are kept, and others are notes', () => {
  const of = (format: string, text: string): string | undefined =>
    problem(`{"properties":{"v":{"format":"${format}"}}}`, JSON.stringify({ v: text }))
  const good: Record<string, string[]> = {
    date: ['2024-02-29'],
    'date-time': ['2026-11-23T02:00:00Z', '2026-11-23t02:00:00.5+01:00'],
    email: ['a@b.example'],
    uri: ['https://a.example/?q=1#x', 'urn:x'],
    uuid: ['01900000-0000-7000-8000-000000000001'],
    ipv4: ['127.0.0.1'],
    ipv6: ['::1'],
    hostname: ['a-b.example'],
    'made-up': ['anything'],
  }
  const bad: Record<string, string[]> = {
    date: ['2023-02-29', '2024-13-01', '24-1-1'],
    'date-time': ['2026-11-23 02:00:00Z', '2026-11-23T25:00:00Z', '2026-11-23T02:00:00'],
    email: ['a@b@c', 'a b@c', '@b', 'a@', 'a@b\r\nBcc: x@y'],
    uri: ['//a.example', 'https://a b', 'https://a\n'],
    uuid: ['01900000-0000-7000-8000-00000000000g'],
    ipv4: ['127.1', '::1'],
    ipv6: ['fe80::1%eth0'],
    hostname: ['-a.example', 'a..b'],
  }
  for (const [format, texts] of Object.entries(good)) {
    for (const text of texts) assert.equal(of(format, text), undefined, `${format} ${text}`)
  }
  for (const [format, texts] of Object.entries(bad)) {
    for (const text of texts) assert.match(of(format, text) ?? '', /format/, `${format} ${text}`)
  }
})

test('what is not understood makes a schema unreadable, in words', () => {
  const said = (schema: string): string => schemaProblem(object(schema)) ?? ''
  assert.match(said('{"$ref":"https://evil.example/schema.json"}'), /leads out/)
  assert.match(said('{"$ref":"#/$defs/none"}'), /leads nowhere/)
  assert.match(said('{"$dynamicRef":"#x"}'), /\$dynamicRef/)
  assert.match(said('{"properties":{"a":{"mustBeNice":true}}}'), /mustBeNice/)
  assert.match(said('{"$schema":"http://json-schema.org/draft-04/schema#"}'), /dialect/)
  assert.match(said('{"allOf":[{"$ref":"#"}]}'), /back to itself/)
  assert.match(said('{"properties":{"a":{"$id":"https://x.example/"}}}'), /\$id/)
  assert.match(said('{"type":"text"}'), /type/)
  assert.match(said('{"properties":{"a":{"pattern":"(a)\\\\1"}}}'), /refers back/)
  assert.match(said('{"properties":{"a":{"pattern":"(?=a)b"}}}'), /ahead or behind/)
  assert.equal(
    said('{"x-note":1,"title":"t","properties":{"a":{"nullable":true,"type":"string"}}}'),
    '',
  )
  assert.throws(() => readSchema(object('{"$ref":"x"}')), UnreadableSchema)
  assert.match(problem('{"$ref":"x"}', '{}') ?? '', /no arguments fit it/)
})
