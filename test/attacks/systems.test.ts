// Holds attacks by way of systems: what their schemas, their documents and their traces could do to whoever reads them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { argumentProblem, schemaProblem } from '../../src/gateway/arguments.ts'
import { utf8 } from '../../src/std/bytes.ts'
import { isObject, parseJson, type Json, type JsonObject } from '../../src/std/json.ts'
import { actionsOfOpenApi } from '../../src/policy/reality/openapi.ts'
import { actionsOfTables } from '../../src/policy/reality/tables.ts'
import { inputType } from '../../src/policy/type.ts'
import { withAuthority, systemNamed } from '../fakes/authority.ts'

let made = 0

function tree(text: string): JsonObject {
  const value = parseJson(utf8(text))
  if (!isObject(value)) throw new TypeError('no object')
  return value
}

/** Why arguments do not fit a schema. */
function refused(schema: JsonObject, input: JsonObject): string | undefined {
  return argumentProblem(
    { name: 'act', inputSchema: schema, effects: [], digest: `x${made++}` },
    input,
  )
}

const text = (pattern: string): JsonObject => ({ properties: { v: { type: 'string', pattern } } })

test('INV-10 a pattern made to backtrack for ever is answered in one reading of the text', () => {
  for (const pattern of [
    '^(a+)+$',
    '^(a|a)*$',
    '^(a|aa)+$',
    '^(.*a){20}$',
    '(x+x+)+y',
    '^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*$',
  ]) {
    const problem = refused(text(pattern), { v: `${'a'.repeat(5_000)}!` })
    assert.match(problem ?? '', /pattern|cost/, pattern)
  }
  assert.match(
    refused(text('(((a{0,40}){0,40}){0,40})b'), { v: 'a' }) ?? '',
    /cannot be run safely/,
  )
  assert.match(
    refused(text('^(?:(?:(?:a?){9}){9}){9}$'), { v: 'a'.repeat(100_000) }) ?? '',
    /pattern|cost/,
  )
})

test('INV-10 references that multiply cost no more than a bound, in the schema and in the value', () => {
  const $defs: JsonObject = {}
  for (let at = 0; at < 11; at++) {
    const $ref = `#/$defs/d${at + 1}`
    $defs[`d${at}`] = { allOf: [{ $ref }, { $ref }, { $ref }], anyOf: [{ $ref }, { $ref }] }
  }
  $defs['d11'] = { type: 'object' }
  const bomb: JsonObject = { $defs, $ref: '#/$defs/d0' }
  assert.match(refused(bomb, {}) ?? '', /cost too much/)
  inputType(bomb)
  const node: JsonObject = {
    anyOf: [
      { properties: { x: { $ref: '#/$defs/node' } }, required: ['y'] },
      { properties: { x: { $ref: '#/$defs/node' } }, required: ['z'] },
    ],
  }
  let deep: JsonObject = {}
  for (let at = 0; at < 60; at++) deep = { x: deep, y: 1, z: 1 }
  const recursive: JsonObject = { $defs: { node }, $ref: '#/$defs/node' }
  const answer = refused(recursive, deep)
  assert.ok(answer === undefined || /cost|anyOf|property/.test(answer))
  const chain: JsonObject = {}
  for (let at = 0; at < 5_000; at++) chain[`c${at}`] = { $ref: `#/$defs/c${at + 1}` }
  chain['c5000'] = {}
  assert.match(refused({ $defs: chain, $ref: '#/$defs/c0' }, {}) ?? '', /too far/)
})

test('INV-10 arrays that have to be unique, and large enumerations, take linear time', () => {
  const unique: JsonObject = { properties: { v: { type: 'array', uniqueItems: true } } }
  const many = Array.from({ length: 90_000 }, (_, at) => at)
  assert.equal(refused(unique, { v: many }), undefined)
  assert.match(refused(unique, { v: [...many, 7] }) ?? '', /duplicate/)
  const deep = Array.from({ length: 3_000 }, () => ({ a: 'x'.repeat(3_000) }))
  assert.match(refused(unique, { v: deep }) ?? '', /duplicate|cost/)
})

test('INV-12 integers at the edge are what their digits say, on both sides of every bound', () => {
  const bounded = (keyword: string, bound: string): JsonObject =>
    tree(`{"properties":{"n":{"type":"integer","${keyword}":${bound}}}}`)
  const rows: [string, string, string, boolean][] = [
    ['maximum', '9223372036854775807', '9223372036854775807', true],
    ['maximum', '9223372036854775807', '9223372036854775808', false],
    ['minimum', '-9223372036854775808', '-9223372036854775809', false],
    ['exclusiveMaximum', '9007199254740993', '9007199254740992', true],
    ['exclusiveMaximum', '9007199254740993', '9007199254740993', false],
    ['maximum', '100', '1e2', true],
    ['maximum', '100', '100.0000000000000000000000001', false],
    ['multipleOf', '3', '9007199254740993', true],
    ['multipleOf', '3', '9007199254740994', false],
  ]
  for (const [keyword, bound, sent, fits] of rows) {
    const problem = refused(bounded(keyword, bound), tree(`{"n":${sent}}`))
    assert.equal(problem === undefined, fits, `${keyword} ${bound}: ${sent}`)
  }
})

test('INV-2 nothing is smuggled past a schema in a nested object, a branch, a tuple or a name that means something', () => {
  const inner: JsonObject = { type: 'object', properties: { to: { type: 'string' } } }
  const schema: JsonObject = {
    type: 'object',
    properties: {
      one: inner,
      many: { type: 'array', items: inner },
      pair: { type: 'array', prefixItems: [inner], items: inner },
      either: { anyOf: [inner, { type: 'null' }] },
      ref: { $ref: '#/$defs/inner' },
      pattern: { type: 'object', patternProperties: { '^x-': inner } },
    },
    $defs: { inner },
  }
  const extra: JsonObject = { to: 'a', bcc: 'evil' }
  const smuggled: JsonObject[] = [
    { one: extra },
    { many: [{ to: 'a' }, extra] },
    { pair: [extra] },
    { pair: [{ to: 'a' }, extra] },
    { either: extra },
    { ref: extra },
    { pattern: { 'x-a': extra } },
    { pattern: { y: { to: 'a' } } },
    { constructor: 'x' },
    { one: { toString: 'x' } },
    { one: { hasOwnProperty: 'x' } },
  ]
  for (const input of smuggled) {
    assert.match(
      refused(schema, tree(JSON.stringify(input))) ?? '',
      /no property/,
      JSON.stringify(input),
    )
  }
  const needs: JsonObject = { type: 'object', properties: {}, required: ['toString'] }
  assert.match(refused(needs, tree('{}')) ?? '', /required/)
})

test('INV-10 a document of ten megabytes, or one that refers to itself everywhere, is read within bounds', () => {
  const paths: JsonObject = {}
  for (let at = 0; at < 20_000; at++) {
    const schema = { $ref: '#/components/schemas/Big' }
    paths[`/p${at}`] = { post: { requestBody: { content: { 'application/json': { schema } } } } }
  }
  const properties: JsonObject = {}
  for (let at = 0; at < 30_000; at++) properties[`m${at}`] = { $ref: '#/components/schemas/Big' }
  const components = {
    schemas: { Big: { type: 'object', properties, description: 'x'.repeat(8_000_000) } },
  }
  const { actions, problems } = actionsOfOpenApi({ openapi: '3.1.0', paths, components })
  assert.equal(actions.length, 0)
  assert.ok(problems.length > 0 && problems.length <= 100)
  const round = { $ref: '#/paths/~1a' }
  const rounds = actionsOfOpenApi({
    openapi: '3.1.0',
    paths: { '/a': round, '/b': { $ref: '#' }, '/c': { $ref: '#/' } },
  })
  assert.equal(rounds.actions.length, 0)
  let nested: Json = { type: 'string' }
  for (let at = 0; at < 100; at++) nested = { type: 'array', items: nested }
  const content = { 'application/json': { schema: nested } }
  const deep = actionsOfOpenApi({
    openapi: '3.0.0',
    paths: { '/a': { put: { requestBody: { content } } } },
  })
  assert.match(deep.problems[0]?.message ?? '', /too deeply/)
})

test('INV-2 two operations that look alike are never one, and no name can pass for another', () => {
  const paths: JsonObject = {
    '/a': { get: { operationId: 'delete_user' } },
    '/b': { delete: { operationId: 'delete_usеr' } },
    '/c': { post: { operationId: 'DELETE_USER' } },
    '/d': { put: { operationId: 'delete​user' } },
    '/e': { get: { operationId: '…' } },
    '/f': { get: { operationId: '../../x' } },
  }
  const names = actionsOfOpenApi({ openapi: '3.1.0', paths }).actions.map(({ name }) => name)
  assert.equal(names.length, 6)
  assert.equal(new Set(names.map((name) => name.toLowerCase())).size, 6)
  for (const name of names) assert.match(name, /^[A-Za-z0-9_.-]+$/)
  assert.ok(!names.includes('delete_user'), 'whoever shares a name carries what it is')
  const column = [{ name: 'a', type: 'text' }]
  const tables = [
    { name: 'users', columns: column },
    { name: 'usеrs', columns: column },
  ]
  assert.equal(new Set(actionsOfTables({ tables }).actions.map(({ name }) => name)).size, 8)
})

test('INV-12 parameters of one name in several places stay apart, and headers are one whatever their case', () => {
  const parameters = ['path', 'query', 'cookie', 'header'].map((place) => ({
    name: 'id',
    in: place,
    schema: { type: place === 'query' ? 'integer' : 'string' },
  }))
  const [action] = actionsOfOpenApi({
    openapi: '3.1.0',
    paths: { '/a/{id}': { get: { parameters } } },
  }).actions
  const input = tree('{"path":{"id":"a"},"query":{"id":1},"cookie":{"id":"b"},"header":{"id":"c"}}')
  assert.equal(argumentProblem(action!, input), undefined)
  assert.match(argumentProblem(action!, tree('{"path":{"id":"a"},"id":"b"}')) ?? '', /no property/)
  assert.match(
    argumentProblem(action!, tree('{"path":{"id":"a"},"header":{"ID":"c"}}')) ?? '',
    /no property/,
  )
  const twice = [
    { name: 'X-User', in: 'header' },
    { name: 'x-user', in: 'header' },
  ]
  assert.equal(
    actionsOfOpenApi({ openapi: '3.1.0', paths: { '/a': { get: { parameters: twice } } } }).actions
      .length,
    0,
  )
})

test('INV-2 what a schema says in a way that is not understood keeps every call out, and says so to whoever pins it', () => {
  for (const schema of [
    '{"$dynamicRef":"#a"}',
    '{"$ref":"http://127.0.0.1/x"}',
    '{"$ref":"file:///etc/passwd"}',
    '{"properties":{"a":{"$ref":"#/__proto__/x"}}}',
    '{"type":["object","thing"]}',
  ]) {
    assert.notEqual(schemaProblem(tree(schema)), undefined, schema)
    assert.match(refused(tree(schema), {}) ?? '', /no arguments fit/)
  }
})

test('INV-11 a trace that an agent makes up adds nothing, takes nothing away, and costs no memory', async () => {
  const word = { person: 'per_ada', reason: 'a test' }
  await withAuthority(async (home, { effects, systems }) => {
    const crm = systemNamed('crm')
    const actions = crm.actions.map((action) => ({ ...action, triggers: ['billing/move_file'] }))
    await systems.pin({ ...crm, actions }, word)
    await systems.pin(systemNamed('billing'), word)
    const before = effects.of('crm', 'read_file')
    for (let at = 0; at < 20_000; at++) {
      const trace = at.toString(16).padStart(32, '0')
      effects.arrived({ trace, span: trace.slice(16), sampled: false }, 'billing', 'read_file')
    }
    assert.deepEqual(effects.learned(), [])
    assert.deepEqual(effects.of('crm', 'read_file'), before)
    // Even one that somehow knows traces of ours can only add, and only so much.
    for (let at = 0; at < 500; at++) {
      const trace = effects.sent({ id: 'call-1', system: 'crm', action: 'read_file' })
      effects.arrived(trace, 'other', `action_${at}`)
    }
    assert.ok(effects.learned().length <= 64)
    const after = effects.of('crm', 'read_file')
    for (const trigger of before.triggers) assert.ok(after.triggers.includes(trigger))
    for (const label of before.triggered) assert.ok(after.triggered.includes(label))
    await effects.settled()
    const rows = home.audit.recorded.filter(({ draft }) => draft.type === 'trigger.learned')
    assert.equal(rows.length, effects.learned().length)
  })
})
