// Holds the tests of how operations are written as requests.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Json, JsonObject } from '../../std/json.ts'
import { actionsOfOpenApi } from './openapi.ts'

function read(paths: JsonObject, more: JsonObject = {}) {
  const document = { openapi: '3.1.0', info: { title: 't', version: '1' }, paths, ...more }
  return actionsOfOpenApi(document, 'api')
}

const text: JsonObject = { type: 'string' }

test('a binding says where everything stands, and is part of what is pinned', () => {
  const paths: JsonObject = {
    '/notes/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }],
      put: {
        operationId: 'put',
        parameters: [
          { name: 'q', in: 'query', schema: { type: ['string', 'integer'] } },
          {
            name: 'list',
            in: 'query',
            style: 'pipeDelimited',
            explode: false,
            schema: { type: 'array', items: { type: 'boolean' } },
          },
          {
            name: 'where',
            in: 'query',
            content: { 'application/json': { schema: { type: 'object' } } },
          },
          { name: 'X-Mode', in: 'header', schema: text },
        ],
        requestBody: { required: true, content: { 'application/json': { schema: text } } },
        responses: {
          200: {
            headers: { 'X-Total': {}, 'Set-Cookie': {} },
            content: { 'application/json; charset=utf-8': {} },
          },
          400: { content: { 'application/problem+json': {} } },
        },
      },
    },
  }
  const [action] = read(paths).actions
  assert.deepEqual(action?.http, {
    method: 'PUT',
    template: '/notes/{id}',
    path: [
      { name: 'id', shape: { kind: 'scalar', of: ['integer'] }, style: 'simple', explode: false },
    ],
    query: [
      {
        name: 'q',
        shape: { kind: 'scalar', of: ['integer', 'string'] },
        style: 'form',
        explode: true,
      },
      {
        name: 'list',
        shape: { kind: 'list', of: ['boolean'] },
        style: 'pipeDelimited',
        explode: false,
      },
      { name: 'where', shape: { kind: 'json' }, style: 'form', explode: true },
    ],
    header: [
      {
        name: 'x-mode',
        shape: { kind: 'scalar', of: ['string'] },
        style: 'simple',
        explode: false,
      },
    ],
    body: { required: true, media: [{ type: 'application/json', form: 'json' }], fields: [] },
    answers: ['application/json', 'application/problem+json'],
    answerHeaders: ['x-total'],
  })
  const [external] = actionsOfOpenApi({ openapi: '3.1.0', paths }).actions
  assert.equal(external?.http, undefined)
  assert.notEqual(external?.digest, action?.digest)
})

test('what the gateway or the credential sets is no input, whatever the document says', () => {
  const parameters = [
    ['key', 'query'],
    ['X-Api-Key', 'header'],
    ['session', 'cookie'],
    ['X-Forwarded-For', 'header'],
    ['X-HTTP-Method-Override', 'header'],
    ['Traceparent', 'header'],
    ['DPoP', 'header'],
    ['kept', 'query'],
    ['X-Kept', 'header'],
  ].map(([name, place]): Json => ({ name: name!, in: place!, required: true, schema: text }))
  const securitySchemes: JsonObject = {
    a: { type: 'apiKey', in: 'query', name: 'key' },
    b: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
  }
  const [action] = read(
    { '/a': { get: { parameters } } },
    { components: { securitySchemes } },
  ).actions
  assert.deepEqual(action?.inputSchema['required'], ['query', 'header'])
  assert.deepEqual(
    [action.http?.query.map(({ name }) => name), action.http?.header.map(({ name }) => name)],
    [['kept'], ['x-kept']],
  )
})

test('a body has one shape, and an upload is what policies can see of it', () => {
  const schema: JsonObject = {
    type: 'object',
    properties: {
      title: text,
      meta: { type: 'object' },
      file: { type: 'string', format: 'binary' },
      more: { type: 'array', items: { contentMediaType: 'image/png' } },
    },
  }
  const bodyOf = (content: JsonObject) => {
    const [action] = read({ '/a': { post: { requestBody: { content } } } }).actions
    assert.ok(action !== undefined)
    return [action.http?.body, (action.inputSchema['properties'] as JsonObject)['body']] as const
  }
  const [form, tree] = bodyOf({ 'multipart/form-data': { schema } })
  assert.deepEqual(
    form?.fields.map(({ name, shape }) => [name, shape.kind]),
    [
      ['title', 'scalar'],
      ['meta', 'json'],
      ['file', 'file'],
      ['more', 'files'],
    ],
  )
  const members = (tree as JsonObject)['properties'] as JsonObject
  assert.deepEqual((members['file'] as JsonObject)['required'], ['content_type'])
  const same = { schema: { type: 'object', properties: { a: text } } }
  const [both] = bodyOf({
    'application/x-www-form-urlencoded': same,
    'application/vnd.x+json': same,
    'application/xml': same,
  })
  assert.deepEqual(
    both?.media.map(({ form: of }) => of),
    ['urlencoded', 'json'],
  )
  const [differs] = bodyOf({
    'application/x-www-form-urlencoded': { schema },
    'application/json': same,
  })
  assert.deepEqual(
    differs?.media.map(({ form: of }) => of),
    ['json'],
  )
  const [bytes] = bodyOf({ 'application/octet-stream': {} })
  assert.deepEqual(bytes?.media, [{ type: 'application/octet-stream', form: 'bytes' }])
})

test('what cannot be written in one way alone becomes no action, and says why', () => {
  const path = (name: string, more: JsonObject = {}): JsonObject => ({
    name,
    in: 'path',
    required: true,
    schema: text,
    ...more,
  })
  for (const [template, parameters] of [
    ['/a/{x}/{y}', [path('x')]],
    ['/a', [path('x')]],
    ['/a/{x}{y}', [path('x'), path('y')]],
    ['/a/{x}-{y}', [path('x'), path('y')]],
    ['/a/../b', []],
    ['/a//b', []],
    ['/a;b', []],
    ['/a%2fb', []],
    ['/a b', []],
    ['a', []],
    ['/a/{x}', [path('x', { style: 'matrix' })]],
    ['/a/{x}', [path('x', { schema: { type: 'object', properties: { a: text } } })]],
    ['/a', [{ name: 'q', in: 'query', style: 'deepObject', schema: text }]],
    [
      '/a',
      [
        {
          name: 'q',
          in: 'query',
          explode: false,
          schema: { type: 'object', properties: { a: text } },
        },
      ],
    ],
    [
      '/a',
      [
        { name: 'q', in: 'query', schema: { type: 'object', properties: { Z: text } } },
        { name: 'z', in: 'query', schema: text },
      ],
    ],
  ] as const) {
    const { actions, problems } = read({
      [template]: { get: { parameters: [...parameters] as Json } },
    })
    assert.deepEqual([actions.length, problems.length], [0, 1], template)
  }
})

test('whatever a document says, a binding is made or a reason told', () => {
  const piece = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 5, depthSize: 'medium' },
      fc.constantFrom<Json>(
        null,
        true,
        'object',
        'array',
        'string',
        'binary',
        'form',
        'deepObject',
        'path',
        'query',
        'header',
        'a',
        '#/components/schemas/A',
      ),
      fc.array(tie('json'), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom(
          '$ref',
          'type',
          'format',
          'properties',
          'items',
          'name',
          'in',
          'style',
          'explode',
          'schema',
          'content',
          'encoding',
          'parameters',
          'requestBody',
          'responses',
          'headers',
          'application/json',
          'multipart/form-data',
          'application/x-www-form-urlencoded',
          '*/*',
          'contentMediaType',
          'required',
          'a',
        ),
        tie('json'),
        { maxKeys: 5, noNullPrototype: true },
      ),
    ),
  })).json
  fc.assert(
    fc.property(piece, piece, piece, (item, operation, schema) => {
      const { actions, problems } = read(
        {
          '/{a}': item,
          '/b': { get: operation, post: { requestBody: schema } },
          '/c': { put: { requestBody: { content: { 'multipart/form-data': { schema } } } } },
        },
        { components: { schemas: { A: schema }, securitySchemes: item } },
      )
      assert.ok(actions.length + problems.length > 0)
      for (const { http } of actions) assert.match(http?.template ?? '', /^\//)
    }),
    { numRuns: 2_000 },
  )
})
