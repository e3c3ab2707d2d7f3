// Holds the comparison of our action types with those of Cedar's own generator for MCP, and every difference by its name.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateSchema } from '@cedar-policy/mcp-schema-generator-wasm'
import fc from 'fast-check'
import type { JsonObject } from '../../std/json.ts'
import { inputType, type CedarType } from '../type.ts'

const STUB = 'namespace M {\n  @mcp_principal entity User;\n  @mcp_resource entity McpServer;\n}'

/** A type in words that both sides can be put in; what is left out is `-`. */
type Words = string | { readonly [name: string]: Words }

function ours(type: CedarType): Words {
  if (type.kind === 'set') return `Set ${JSON.stringify(ours(type.element))}`
  if (type.kind !== 'record') return type.kind
  const members = [...type.attributes].map(([name, { type: inner, required }]) => [
    required ? name : `${name}?`,
    ours(inner),
  ])
  return sorted(Object.fromEntries(members) as Record<string, Words>)
}

function sorted(record: Record<string, Words>): Words {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
}

interface Theirs {
  readonly type: string
  readonly name?: string
  readonly element?: Theirs
  readonly attributes?: Readonly<Record<string, Theirs & { readonly required?: boolean }>>
}

interface Namespace {
  readonly commonTypes?: Readonly<Record<string, Theirs>>
  readonly entityTypes?: Readonly<
    Record<string, { readonly shape?: Theirs; readonly enum?: readonly string[] }>
  >
}

/** What the library has no type for, it calls by these names. */
const UNTYPED: ReadonlySet<string> = new Set(['M::Number', 'M::Unknown', 'M::Null'])
const NAMED: Readonly<Record<string, string>> = {
  String: 'string',
  Long: 'long',
  Bool: 'bool',
  Boolean: 'bool',
}

/** The library's type of the input of the action `act`; an error where it makes none. */
function theirs(inputSchema: JsonObject): Words | Error {
  const answer = JSON.parse(
    generateSchema(STUB, JSON.stringify([{ name: 'act', inputSchema }])),
  ) as {
    readonly isOk: boolean
    readonly error: string
    readonly schemaJson: string
  }
  if (!answer.isOk) return new Error(answer.error)
  const schema = JSON.parse(answer.schemaJson) as Readonly<Record<string, Namespace>>
  const named = (name: string, from: string): Words => {
    if (NAMED[name] !== undefined) return NAMED[name]
    if (UNTYPED.has(name)) return '-'
    const at = name.lastIndexOf('::')
    const [space, own] = at < 0 ? [from, name] : [name.slice(0, at), name.slice(at + 2)]
    const common = schema[space]?.commonTypes?.[own]
    if (common !== undefined) return words(common, space)
    const entity = schema[space]?.entityTypes?.[own]
    if (entity?.enum !== undefined) return 'enum'
    return entity === undefined
      ? name
      : words(entity.shape ?? { type: 'Record', attributes: {} }, space)
  }
  const words = (type: Theirs, from: string): Words => {
    if (type.type === 'Set') return `Set ${JSON.stringify(words(type.element!, from))}`
    if (type.type !== 'Record') return named(type.name ?? type.type, from)
    const members = Object.entries(type.attributes ?? {}).map(([name, inner]) => [
      inner.required === false ? `${name}?` : name,
      words(inner, from),
    ])
    return sorted(Object.fromEntries(members) as Record<string, Words>)
  }
  return words(schema['M']!.commonTypes!['actInput']!, 'M')
}

const NAMES = ['alpha', 'beta', 'gamma_1', 'camelCase']
const schemas = fc.letrec<{ any: JsonObject; object: JsonObject }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.constantFrom<JsonObject>({ type: 'string' }, { type: 'integer' }, { type: 'boolean' }),
    tie('any').map((items): JsonObject => ({ type: 'array', items })),
    tie('object'),
  ),
  object: fc
    .tuple(
      fc.dictionary(fc.constantFrom(...NAMES), tie('any'), { maxKeys: 3, noNullPrototype: true }),
      fc.subarray(NAMES),
    )
    .map(([properties, required]): JsonObject => ({
      type: 'object',
      properties,
      required: required.filter((name) => Object.hasOwn(properties, name)),
      additionalProperties: false,
    })),
})).object

test("on what Cedar's generator accepts, our types have the same attributes, types and requiredness", () => {
  fc.assert(
    fc.property(schemas, (schema) => {
      const found = theirs(schema)
      assert.deepEqual(ours(inputType(schema).type), found, JSON.stringify(schema))
    }),
    { numRuns: 300 },
  )
})

/** Every difference: what the schema is, what we make of it, what the library makes of it. */
const DIFFERENCES: Readonly<
  Record<string, readonly [schema: JsonObject, we: Words, library: Words | RegExp]>
> = {
  'a hyphen in a name is refused there: attributes are quoted here': [
    { properties: { 'reply-to': { type: 'string' } } },
    { 'reply-to?': 'string' },
    /unexpected token/,
  ],
  'a number is an entity there, of which nothing can be said: a decimal here': [
    { properties: { price: { type: 'number' } } },
    { 'price?': 'decimal' },
    { 'price?': '-' },
  ],
  'allOf is passed over there, with everything in it: both hold here': [
    { allOf: [{ properties: { a: { type: 'string' } }, required: ['a'] }] },
    { a: 'string' },
    {},
  ],
  'what may be of several types is a record of choices there, which no value has: left out here': [
    { properties: { a: { anyOf: [{ type: 'string' }, { type: 'integer' }] } } },
    {},
    { 'a?': { 'typeChoice0?': 'string', 'typeChoice1?': 'long' } },
  ],
  'what may be null is such a choice as well there: an attribute that may be absent here': [
    { properties: { a: { type: ['string', 'null'] } }, required: ['a'] },
    { 'a?': 'string' },
    { a: { 'typeChoice0?': 'string', 'typeChoice1?': '-' } },
  ],
  'an enumeration is an entity there: text here, so that `like` and `==` work on it': [
    { properties: { a: { type: 'string', enum: ['x', 'y'] } } },
    { 'a?': 'string' },
    { 'a?': 'enum' },
  ],
  'a format makes another type there: here the text is what is sent, and policies parse it where they want':
    [
      { properties: { a: { type: 'string', format: 'date-time' } } },
      { 'a?': 'string' },
      { 'a?': 'datetime' },
    ],
  'a constant has no type there: that of its value here': [
    { properties: { a: { const: 'x' } } },
    { 'a?': 'string' },
    { 'a?': '-' },
  ],
  'what has no type is an entity there: left out here, and listed in `unseen` when it is sent': [
    { properties: { a: {}, b: { type: 'array' } } },
    {},
    { 'a?': '-', 'b?': 'Set "-"' },
  ],
}

for (const [name, [schema, we, library]] of Object.entries(DIFFERENCES)) {
  test(`a difference: ${name}`, () => {
    const whole: JsonObject = { type: 'object', ...schema }
    assert.deepEqual(ours(inputType(whole).type), we)
    const found = theirs(whole)
    if (library instanceof RegExp) {
      assert.ok(found instanceof Error)
      assert.match(found.message, library)
    } else assert.deepEqual(found, library)
  })
}

test('a difference: what refers to itself is an entity without end there, which no arguments make: left out here', () => {
  const node: JsonObject = { type: 'object', properties: { next: { $ref: '#/$defs/node' } } }
  const schema: JsonObject = {
    type: 'object',
    properties: { a: { $ref: '#/$defs/node' } },
    $defs: { node },
  }
  const { type, leftOut } = inputType(schema)
  assert.deepEqual(ours(type), { 'a?': {} })
  assert.deepEqual(leftOut, [{ path: '/a/next', why: 'its schema is recursive' }])
  assert.throws(() => theirs(schema), RangeError)
})
