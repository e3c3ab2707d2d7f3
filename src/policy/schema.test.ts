// Holds the tests of the generated schema, with ajv as the oracle of what a JSON Schema accepts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import type { Fault } from '../std/fault.ts'
import type { JsonObject } from '../std/json.ts'
import { callContext } from './context.ts'
import { json, request, system } from './fixture.test.ts'
import { withCedar } from './library.ts'
import { questionOf } from './question.ts'
import { policySchema } from './schema.ts'
import { inputType, type CedarType } from './type.ts'

function typed(input: object) {
  return inputType(json(JSON.stringify(input)))
}

/** A type in short: `{a: Long, b?: Set<String>}`. */
function short(type: CedarType): string {
  if (type.kind === 'set') return `Set<${short(type.element)}>`
  if (type.kind !== 'record') return type.kind
  const attributes = [...type.attributes].map(
    ([name, { type: inner, required }]) => `${name}${required ? '' : '?'}: ${short(inner)}`,
  )
  return `{${attributes.join(', ')}}`
}

function members(properties: object, required: string[] = [], rest: object = {}): string {
  return short(typed({ type: 'object', properties, required, ...rest }).type)
}

test('each JSON type that Cedar can say', () => {
  const all = members(
    {
      s: { type: 'string', format: 'uri' },
      i: { type: 'integer' },
      n: { type: 'number' },
      b: { type: 'boolean' },
      l: { type: 'array', items: { type: 'string' } },
      o: { type: 'object', properties: { 'a-b': { type: 'integer' } }, required: ['a-b'] },
      e: { enum: ['a', 'b'] },
      c: { const: 5 },
      f: { enum: [1, 2.5] },
    },
    ['s', 'n'],
  )
  assert.equal(
    all,
    '{s: string, i?: long, n: decimal, b?: bool, l?: Set<string>, o?: {a-b: long}, e?: string, c?: long, f?: decimal}',
  )
})

test('null counts as absent', () => {
  assert.equal(members({ a: { type: ['string', 'null'] } }, ['a']), '{a?: string}')
  assert.equal(
    members({ a: { anyOf: [{ type: 'integer' }, { type: 'null' }] } }, ['a']),
    '{a?: long}',
  )
  assert.equal(members({ a: { type: 'string', nullable: true } }, ['a']), '{a?: string}')
  assert.equal(members({ a: { enum: ['x', null] } }, ['a']), '{a?: string}')
})

test('combinations say what all of their branches say', () => {
  const point = { type: 'object', properties: { x: { type: 'number' } }, required: ['x'] }
  const $defs = { point, name: { type: 'string' } }
  assert.equal(members({ a: { $ref: '#/$defs/point' } }, ['a'], { $defs }), '{a: {x: decimal}}')
  assert.equal(members({ a: { allOf: [{ type: 'number' }, { type: 'integer' }] } }), '{a?: long}')
  assert.equal(
    members({ a: { anyOf: [{ type: 'number' }, { type: 'integer' }] } }),
    '{a?: decimal}',
  )
  const both = { anyOf: [point, { ...point, required: [] }] }
  assert.equal(members({ a: both }, ['a']), '{a: {x?: decimal}}')
  const beside = {
    type: 'object',
    properties: { x: { type: 'string' } },
    anyOf: [{ required: ['x'] }, true],
  }
  assert.equal(members({ a: beside }), '{a?: {x?: string}}')
  const oneOf = [
    { type: 'array', items: { const: 'x' } },
    { type: 'array', items: { type: 'string' } },
  ]
  assert.equal(members({ a: { oneOf } }), '{a?: Set<string>}')
})

test('what Cedar cannot say is left out and named', () => {
  const node = {
    type: 'object',
    properties: { next: { $ref: '#/$defs/node' }, v: { type: 'string' } },
  }
  const { type, leftOut } = typed({
    type: 'object',
    $defs: { node, loop: { $ref: '#/$defs/loop' } },
    properties: {
      mixed: { type: ['string', 'integer'] },
      any: {},
      never: false,
      untyped: { properties: { a: { type: 'string' } } },
      tuple: { type: 'array', prefixItems: [{ type: 'string' }] },
      list: { type: 'array' },
      holes: { type: 'array', items: { type: ['string', 'null'] } },
      tree: { $ref: '#/$defs/node' },
      loop: { $ref: '#/$defs/loop' },
      away: { $ref: 'https://example.com/x' },
      self: { type: 'array', items: { $ref: '#' } },
      __entity: { type: 'string' },
    },
  })
  assert.equal(short(type), '{tree?: {v?: string}}')
  assert.deepEqual(leftOut, [
    { path: '/mixed', why: 'it may be of several types' },
    { path: '/any', why: 'it may be of several types' },
    { path: '/never', why: 'its schema accepts no value but null' },
    { path: '/untyped', why: 'it may be of several types' },
    { path: '/tuple', why: 'its elements have no common type' },
    { path: '/list', why: 'its elements have no common type' },
    { path: '/holes/*', why: 'it may be null' },
    { path: '/tree/next', why: 'its schema is recursive' },
    { path: '/loop', why: 'it may be of several types' },
    { path: '/away', why: 'it may be of several types' },
    { path: '/self/*', why: 'its schema is recursive' },
    { path: '/__entity', why: 'its name means something else to Cedar' },
  ])
})

test('schemas that grow without end are bounded', () => {
  const $defs: Record<string, object> = { d0: { type: 'string' } }
  for (let i = 1; i < 40; i++) {
    const half = { $ref: `#/$defs/d${i - 1}` }
    $defs[`d${i}`] = { allOf: [half, half] }
  }
  const bomb = typed({ type: 'object', $defs, properties: { a: { $ref: '#/$defs/d39' } } })
  assert.equal(short(bomb.type), '{}')
  assert.deepEqual(bomb.leftOut, [{ path: '', why: 'its schema is too large' }])
  let deep: object = { type: 'string' }
  for (let i = 0; i < 25; i++) deep = { type: 'object', properties: { d: deep } }
  assert.match(typed(deep).leftOut[0]?.why ?? '', /nested deeper than 16/)
})

interface Sample {
  readonly schema: unknown
  readonly value: fc.Arbitrary<unknown>
}

/** No empty name: ajv 8 does not see a required member of that name missing. */
const NAMES = ['a', 'b-c', 'ü', 'type', 'constructor', '__extn']

const samples = fc.letrec<{ node: Sample; object: Sample }>((tie) => {
  const leaf = fc.constantFrom<Sample>(
    { schema: { type: 'string' }, value: fc.string() },
    { schema: { type: 'integer' }, value: fc.integer({ min: -(2 ** 49), max: 2 ** 49 }) },
    { schema: { type: 'number' }, value: fc.integer().map((n) => n / 16) },
    { schema: { type: 'boolean' }, value: fc.boolean() },
    { schema: { enum: ['a', 'b', null] }, value: fc.constantFrom('a', 'b', null) },
    { schema: { const: 3 }, value: fc.constant(3) },
    { schema: { $ref: '#/$defs/name' }, value: fc.string() },
    {
      schema: { $ref: '#/$defs/tree' },
      value: fc.constantFrom({}, { v: 1 }, { kids: [{ v: 2 }] }),
    },
    { schema: {}, value: fc.constantFrom(null, 1, 'x', [{}]) },
    { schema: { type: ['string', 'integer', 'null'] }, value: fc.constantFrom('x', 1, null) },
  )
  const node = tie('node')
  const object = fc
    .array(fc.record({ name: fc.constantFrom(...NAMES), node, required: fc.boolean() }), {
      maxLength: 4,
    })
    .map((list): Sample => {
      const unique = [...new Map(list.map((one) => [one.name, one])).values()]
      const model = Object.fromEntries(unique.map(({ name, node: n }) => [name, n.value]))
      const requiredKeys = unique.filter((one) => one.required).map((one) => one.name)
      return {
        schema: {
          type: 'object',
          properties: Object.fromEntries(unique.map(({ name, node: n }) => [name, n.schema])),
          required: requiredKeys,
        },
        value: fc.record(model, { requiredKeys }),
      }
    })
  const combined = fc
    .record({
      key: fc.constantFrom('anyOf', 'oneOf', 'allOf'),
      all: fc.array(node, { minLength: 1, maxLength: 3 }),
    })
    .map(({ key, all }): Sample => ({
      schema: { [key]: all.map((one) => one.schema) },
      value: fc.oneof(...all.map((one) => one.value)),
    }))
  const list = node.map((one): Sample => ({
    schema: { type: 'array', items: one.schema },
    value: fc.array(one.value, { maxLength: 3 }),
  }))
  const nullable = node.map((one): Sample => ({
    schema: { anyOf: [one.schema, { type: 'null' }] },
    value: fc.option(one.value),
  }))
  return {
    object,
    node: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      object,
      list,
      combined,
      nullable,
    ),
  }
})

const $defs = {
  name: { type: 'string', minLength: 0 },
  tree: {
    type: 'object',
    properties: {
      v: { type: 'integer' },
      kids: { type: 'array', items: { $ref: '#/$defs/tree' } },
    },
  },
}

const ajv = new Ajv2020({ strict: false })

/** Whether the library accepts the request under the generated schema; with its complaint. */
function requestErrors(schema: JsonObject, input: JsonObject): string[] {
  const generated = policySchema([system('s', { x: { input: schema } })])
  const subject = { ...request(), system: 's', action: 'x', effects: ['read' as const] }
  const context = callContext(generated.actions.get('s/x')!.input, subject, input, subject.now)
  const answer = withCedar((cedar) =>
    cedar.isAuthorized({
      ...questionOf('agent', subject, context).json(),
      policies: { staticPolicies: {} },
      schema: generated.json,
      validateRequest: true,
    }),
  )
  return answer.type === 'failure' ? answer.errors.map((error) => error.message) : []
}

test('for any schema and any value that ajv accepts under it, the schema parses and the request validates', () => {
  let accepted = 0
  const pairs = samples.object.chain(({ schema, value }) =>
    value.map((one) => ({ schema: { ...(schema as object), $defs }, value: one })),
  )
  fc.assert(
    fc.property(pairs, ({ schema, value }) => {
      const text = JSON.stringify(value)
      fc.pre(ajv.compile(schema)(JSON.parse(text)))
      accepted++
      assert.deepEqual(requestErrors(json(JSON.stringify(schema)), json(text)), [])
    }),
    { numRuns: 400 },
  )
  assert.ok(accepted >= 400)
})

/** Whether our strict reader takes a document at all; it refuses keys that differ only in case. */
function readable(text: string): boolean {
  try {
    return json(text) !== undefined
  } catch {
    return false
  }
}

test('whatever ajv accepts of any object at all, the context is built', () => {
  const wild = fc.dictionary(fc.constantFrom(...NAMES), fc.jsonValue({ maxDepth: 2 }), {
    maxKeys: 5,
  })
  fc.assert(
    fc.property(samples.object, wild, ({ schema }, value) => {
      const whole = { ...(schema as object), $defs }
      const text = JSON.stringify(value)
      fc.pre(readable(text) && ajv.compile(whole)(JSON.parse(text)))
      const { type } = inputType(json(JSON.stringify(whole)))
      try {
        callContext(type, request(), json(text), 0)
      } catch (error) {
        assert.equal((error as Fault).code, 'policy.argument_range', 'only 64 bits are missing')
      }
    }),
    { numRuns: 200, maxSkipsPerRun: 1000 },
  )
})
