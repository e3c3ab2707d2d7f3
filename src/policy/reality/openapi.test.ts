// Holds the tests of the actions of OpenAPI documents.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import { compilePolicySet } from '../load.ts'
import { inputType } from '../type.ts'
import { actionsOfOpenApi } from './openapi.ts'

/** A document with the paths given. */
function document(paths: JsonObject, more: JsonObject = {}): JsonObject {
  return { openapi: '3.1.0', info: { title: 't', version: '1' }, paths, ...more }
}

const NOTE: JsonObject = {
  type: 'object',
  required: ['text', 'id'],
  properties: {
    id: { type: 'string', readOnly: true },
    text: { type: 'string', maxLength: 80 },
    parent: { $ref: '#/components/schemas/Note' },
    amount: { type: 'integer', nullable: true, minimum: 0, exclusiveMinimum: true },
  },
}

const NOTES = document(
  {
    '/notes/{id}': {
      parameters: [
        { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
        { $ref: '#/components/parameters/Trace' },
      ],
      get: { operationId: 'getNote', summary: 'One note' },
      delete: {},
      patch: {
        operationId: 'notes/update ✨',
        parameters: [{ name: 'id', in: 'query', schema: { type: 'integer' } }],
        requestBody: {
          required: true,
          content: {
            'text/plain': { schema: { type: 'string' } },
            'application/merge-patch+json': { schema: { $ref: '#/components/schemas/Note' } },
          },
        },
      },
    },
  },
  {
    components: {
      schemas: { Note: NOTE },
      parameters: { Trace: { name: 'X-Trace', in: 'header', schema: { type: 'boolean' } } },
    },
  },
)

test('every operation becomes an action, with hints and not labels, and one input of all its parts', () => {
  const { actions, problems } = actionsOfOpenApi({ ...NOTES, openapi: '3.0.3' })
  assert.deepEqual(problems, [])
  assert.deepEqual(
    actions.map(({ name, effects, annotations }) => [name, effects, annotations?.['operation']]),
    [
      ['DELETE-notes-id', ['write', 'destructive'], 'DELETE /notes/{id}'],
      ['getNote', ['read'], 'GET /notes/{id}'],
      ['notes-update', ['write'], 'PATCH /notes/{id}'],
    ],
  )
  const patch = actions[2]!.inputSchema
  assert.deepEqual(patch['required'], ['path', 'body'])
  assert.deepEqual(Object.keys(patch['properties'] as JsonObject), [
    'path',
    'query',
    'header',
    'body',
  ])
  const { type, leftOut } = inputType(patch)
  const at = (...path: string[]) =>
    path.reduce((from: typeof type | undefined, name) => {
      const next = from?.attributes.get(name)?.type
      return next?.kind === 'record' ? next : undefined
    }, type)
  assert.equal(at('path')?.attributes.get('id')?.type.kind, 'string')
  assert.equal(at('query')?.attributes.get('id')?.type.kind, 'long')
  assert.equal(at('header')?.attributes.get('x-trace')?.type.kind, 'bool')
  assert.deepEqual([...(at('body')?.attributes.keys() ?? [])], ['text', 'amount'])
  assert.equal(at('body')?.attributes.get('amount')?.required, false)
  assert.deepEqual(leftOut, [{ path: '/body/parent', why: 'its schema is recursive' }])
})

test('policies are held against the actions like those of any system', () => {
  const { actions } = actionsOfOpenApi(NOTES)
  const transport = { kind: 'external', source: 'openapi', document: 'sha256:x' } as const
  const server = { name: 'notes', version: '1' }
  const systems = [{ name: 'notes', transport, server, actions, maxProcesses: 1, digest: 'd' }]
  const compile = (condition: string) => {
    const text = `@id("a")\npermit (principal, action == Action::"notes/notes-update", resource)\nwhen { ${condition} };`
    return compilePolicySet({ sources: [{ file: 'a.cedar', text }], systems })
  }
  assert.ok(compile('context.input.body.text == "x" && context.input.path.id like "n*"').ok)
  const wrong = compile('context.input.body.txt == "x"')
  assert.ok(!wrong.ok && wrong.problems[0]!.code === 'policy.invalid')
})

test('3.0 and 3.1 differ where they say they do', () => {
  const body = (schema: JsonObject): JsonObject => ({
    '/a': {
      post: { operationId: 'a', requestBody: { content: { 'application/json': { schema } } } },
    },
  })
  const read = (openapi: string, schema: JsonObject): Json | undefined => {
    const found = actionsOfOpenApi({ ...document(body(schema)), openapi }).actions[0]!.inputSchema
    return isObject(found['properties'])
      ? { ...(found['properties']['body'] as JsonObject) }
      : undefined
  }
  const bounded = { type: 'number', maximum: 5, exclusiveMaximum: true, nullable: true }
  assert.deepEqual(read('3.0.0', bounded), { type: ['number', 'null'], exclusiveMaximum: 5 })
  const modern = { type: ['number', 'null'], exclusiveMaximum: 5, example: 3 }
  assert.deepEqual(read('3.1.0', modern), { type: ['number', 'null'], exclusiveMaximum: 5 })
})

test('names are safe and unique, and none moves because of an order', () => {
  const paths = (...order: string[]): JsonObject =>
    Object.fromEntries(
      order.map((path, at) => [path, { get: { operationId: at % 2 ? 'Read' : 'read' } }]),
    )
  const a = actionsOfOpenApi(document(paths('/a', '/b'))).actions
  const swapped: JsonObject = {
    '/b': { get: { operationId: 'Read' } },
    '/a': { get: { operationId: 'read' } },
  }
  const b = actionsOfOpenApi(document(swapped)).actions
  assert.deepEqual(a, b)
  assert.equal(new Set(a.map(({ name }) => name.toLowerCase())).size, 2)
  for (const { name } of a) assert.match(name, /^[A-Za-z0-9_.-]{1,128}$/)
})

test('what cannot be an action is told by its place, and the rest is not kept from being one', () => {
  const { actions, problems } = actionsOfOpenApi(
    document({
      '/far': { $ref: 'https://evil.example/paths.json' },
      '/a': {
        get: { parameters: [{ $ref: '#/components/parameters/none' }] },
        post: {
          requestBody: { content: { 'application/json': { schema: { $ref: 'other.yaml#/X' } } } },
        },
        put: {
          parameters: [
            { name: 'X-A', in: 'header' },
            { name: 'x-a', in: 'header' },
          ],
        },
        patch: {
          parameters: [
            { name: 'q', in: 'query' },
            { name: 'Q', in: 'query' },
          ],
        },
        delete: { operationId: 'gone' },
      },
    }),
  )
  assert.deepEqual(
    actions.map(({ name }) => name),
    ['gone'],
  )
  assert.deepEqual(
    problems.map(({ path }) => path),
    [
      '/paths/~1far',
      '/paths/~1a/get',
      '/paths/~1a/post',
      '/paths/~1a/put',
      '/paths/~1a/patch',
    ].sort(
      (x, y) => problems.findIndex((p) => p.path === x) - problems.findIndex((p) => p.path === y),
    ),
  )
  for (const wrong of [
    null,
    7,
    [],
    {},
    { openapi: '2.0' },
    { swagger: '2.0' },
    { openapi: '3.2.0', paths: {} },
  ]) {
    assert.equal(actionsOfOpenApi(wrong).actions.length, 0)
    assert.equal(actionsOfOpenApi(wrong).problems.length, 1)
  }
})

test('whatever a document says, it is read, and what comes out is an input that policies can be held against', () => {
  const piece = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<Json>(
        null,
        true,
        1,
        '',
        'object',
        '#/components/schemas/A',
        '#/paths',
        'path',
        'query',
      ),
      fc.array(tie('json'), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom(
          '$ref',
          'type',
          'properties',
          'items',
          'allOf',
          'name',
          'in',
          'schema',
          'content',
          'parameters',
          'requestBody',
          'application/json',
          'required',
          'get',
          'post',
          'nullable',
          'enum',
          'readOnly',
        ),
        tie('json'),
        { maxKeys: 4, noNullPrototype: true },
      ),
    ),
  })).json
  fc.assert(
    fc.property(
      piece,
      piece,
      piece,
      fc.constantFrom('3.0.1', '3.1.0'),
      (item, operation, schema, openapi) => {
        const paths = { '/a': item, '/b': { get: operation, post: { requestBody: schema } } }
        const { actions, problems } = actionsOfOpenApi({
          openapi,
          paths,
          components: { schemas: { A: schema } },
        })
        assert.ok(actions.length + problems.length > 0)
        for (const { name, inputSchema } of actions) {
          assert.match(name, /^[A-Za-z0-9_.-]{1,128}$/)
          inputType(inputSchema)
        }
      },
    ),
    { numRuns: 2_000 },
  )
})
