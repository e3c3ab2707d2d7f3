// Holds the tests of the HTTP surface: what a request becomes, what goes out, what comes back.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { apiDocument, HttpApi, parameter } from '../../../test/fakes/http-api.ts'

const NOTE = {
  type: 'object',
  required: ['text'],
  properties: {
    text: { type: 'string' },
    amount: { type: 'integer' },
    tags: { type: 'array', items: { type: 'string' } },
  },
  additionalProperties: false,
}
const json = (schema: unknown) => ({ content: { 'application/json': { schema } } })

const DOCUMENT = apiDocument({
  '/notes': {
    get: {
      operationId: 'list',
      parameters: [
        parameter('limit', 'query', { type: 'integer', maximum: 100 }),
        parameter('tag', 'query', { type: 'array', items: { type: 'string' } }),
        parameter(
          'ids',
          'query',
          { type: 'array', items: { type: 'integer' } },
          { explode: false },
        ),
        parameter(
          'filter',
          'query',
          { type: 'object', properties: { open: { type: 'boolean' } } },
          { style: 'deepObject' },
        ),
        parameter('X-Trace', 'header'),
        parameter('session', 'cookie', { type: 'string' }, { required: true }),
      ],
      responses: { 200: { headers: { 'X-Total': {} }, ...json({}) } },
    },
    post: { operationId: 'add', requestBody: { required: true, ...json(NOTE) } },
  },
  '/notes/{id}': {
    parameters: [parameter('id', 'path')],
    get: { operationId: 'read' },
    delete: { operationId: 'remove' },
  },
  '/notes/mine': { get: { operationId: 'mine' } },
  '/notes/{id}:archive': {
    post: { operationId: 'archive', parameters: [parameter('id', 'path')] },
  },
  '/form': {
    post: {
      operationId: 'form',
      requestBody: { content: { 'application/x-www-form-urlencoded': { schema: NOTE } } },
    },
  },
  '/upload': {
    post: {
      operationId: 'upload',
      requestBody: {
        content: {
          'multipart/form-data': {
            schema: {
              type: 'object',
              properties: {
                title: { type: 'string' },
                count: { type: 'integer' },
                file: { type: 'string', format: 'binary' },
              },
              required: ['file'],
            },
          },
        },
      },
    },
  },
  '/blob': {
    put: { operationId: 'blob', requestBody: { content: { 'image/*': { schema: {} } } } },
  },
})

test('a request becomes the tree that is decided, and goes out written anew from it', async () => {
  await using api = await HttpApi.open({ document: DOCUMENT })
  const told = await api.ask(
    '/http/notes/notes?tag=a+b&limit=10&tag=c%2Cd&ids=1,2&filter%5Bopen%5D=true',
    {
      headers: {
        'x-trace': 'one two',
        cookie: 'session=stolen',
        'x-forwarded-for': '1.2.3.4',
        'x-other': 'never',
        accept: 'text/html, application/json;q=0.5',
      },
    },
  )
  assert.equal(told.status, 200)
  const [decision] = api.fake.decisions
  assert.equal(decision?.action, 'list')
  assert.deepEqual(JSON.parse(JSON.stringify(decision.input)), {
    query: { limit: 10, tag: ['a b', 'c,d'], ids: [1, 2], filter: { open: true } },
    header: { 'x-trace': 'one two' },
  })
  const [heard] = api.heard
  assert.equal(heard?.method, 'GET')
  assert.equal(heard.url, '/api/notes?limit=10&tag=a%20b&tag=c%2Cd&ids=1,2&filter%5Bopen%5D=true')
  const { traceparent, tracestate, ...headers } = heard.headers
  assert.match(String(traceparent), /^00-/)
  assert.match(String(tracestate), /^bailiwick=[0-9a-f]{16}$/)
  assert.deepEqual(headers, {
    host: `127.0.0.1:${api.port}`,
    connection: 'keep-alive',
    'x-trace': 'one two',
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'bailiwick',
  })
})

test('a body is read once, strictly, and written from what was decided', async () => {
  await using api = await HttpApi.open({ document: DOCUMENT })
  const send = (body: string, type = 'application/json') =>
    api.ask('/http/notes/notes', { method: 'POST', headers: { 'content-type': type }, body })
  const good = await send('{ "amount" : 9007199254740993, "text":"a\\u0062" }')
  assert.equal(good.status, 200)
  assert.equal(String(api.heard[0]?.body), '{"amount":9007199254740993,"text":"ab"}')
  assert.equal(api.heard[0]?.headers['content-length'], '39')
  for (const [body, code, status] of [
    ['{"text":"a","text":"b"}', 'json.duplicate_key', 400],
    ['{"text":"a","Text":"b"}', 'json.ambiguous_key', 400],
    ['{"text":"a"', 'json.syntax', 400],
    ['{"text":1}', 'resolve.bad_arguments', 400],
    ['{"text":"a","more":1}', 'resolve.bad_arguments', 400],
    [`{"text":"${'a'.repeat(1_100_000)}"}`, 'http.body', 413],
  ] as const) {
    const told = await send(body)
    assert.deepEqual([told.status, told.json['code']], [status, code], body.slice(0, 40))
    assert.equal(told.headers['content-type'], 'application/problem+json')
  }
  assert.equal((await send('text=a', 'text/plain')).json['code'], 'http.media_type')
  assert.equal((await send('{}', 'application/json; charset=utf-16')).status, 415)
  assert.equal(api.heard.length, 1)
  const denied = api.records('call.denied')
  assert.equal(denied.length, 8)
})

test('forms and uploads are fields, and their files are bytes beside what is decided', async () => {
  await using api = await HttpApi.open({ document: DOCUMENT })
  const form = await api.ask('/http/notes/form', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'text=a+%26+b&tags=x&tags=y&amount=3',
  })
  assert.equal(form.status, 200)
  assert.equal(String(api.heard[0]?.body), 'text=a%20%26%20b&amount=3&tags=x&tags=y')
  const part = (head: string, body: string) =>
    `--B\r\ncontent-disposition: form-data; ${head}\r\n\r\n${body}\r\n`
  const multipart = `${part('name="file"; filename="a.txt"\r\nContent-Type: text/plain', 'the bytes')}${part('name="title"', 'T')}${part('name="count"', '7')}--B--\r\n`
  const upload = await api.ask('/http/notes/upload', {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=B' },
    body: multipart,
  })
  assert.equal(upload.status, 200)
  assert.deepEqual(JSON.parse(JSON.stringify(api.fake.decisions.at(-1)?.input)), {
    body: {
      title: 'T',
      count: 7,
      file: {
        filename: 'a.txt',
        content_type: 'text/plain',
        size: 9,
        sha256: createHash('sha256').update('the bytes').digest('hex'),
      },
    },
  })
  const { body, headers } = api.heard[1]!
  const boundary = String(headers['content-type']).split('boundary=')[1]
  assert.match(String(boundary), /^bailiwick-[0-9a-f]{36}$/)
  const lines = String(body)
    .split('\r\n')
    .filter((line) => !line.startsWith(`--${boundary}`))
  assert.deepEqual(lines, [
    'content-disposition: form-data; name="title"',
    '',
    'T',
    'content-disposition: form-data; name="count"',
    '',
    '7',
    'content-disposition: form-data; name="file"; filename="a.txt"',
    'content-type: text/plain',
    '',
    'the bytes',
    '',
  ])
})

test('a large upload streams with its size and digest in the outcome, and no person is asked about what nobody has read', async () => {
  await using api = await HttpApi.open({ document: DOCUMENT })
  const bytes = Buffer.alloc(3_000_000, 'x')
  const put = (headers: Record<string, string>) =>
    api.ask('/http/notes/blob', {
      method: 'PUT',
      headers: { 'content-type': 'image/png', ...headers },
      body: bytes,
    })
  assert.equal((await put({})).status, 200)
  assert.equal(api.heard[0]?.body.length, bytes.length)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const outcome = api.records('call.outcome')[0]!
  assert.equal(outcome['upload_bytes'], 3_000_000)
  assert.equal(outcome['upload_sha256'], sha256)
  api.fake.answers['blob'] = 'hold'
  const unbound = await put({})
  assert.deepEqual([unbound.status, unbound.json['code']], [403, 'approval.unbound'])
  const digest = createHash('sha256').update(bytes).digest('base64')
  const bound = await put({ 'content-digest': `sha-256=:${digest}:`, prefer: 'wait=0' })
  assert.deepEqual([bound.status, bound.json['code']], [423, 'approval.pending'])
  api.fake.approvals.set('approval-1', 'approved')
  assert.equal((await put({ 'content-digest': `sha-256=:${digest}:` })).status, 200)
  assert.equal(api.heard.length, 2)
  api.fake.answers['blob'] = 'allow'
  const other = createHash('sha256').update('other').digest('base64')
  const lied = await put({ 'content-digest': `sha-256=:${other}:` })
  assert.deepEqual([lied.status, lied.json['code']], [400, 'http.digest'])
  assert.equal(api.heard.length, 2, 'a body that is not what was said is never whole')
})

test('the most specific operation is meant, and what is none is refused and recorded', async () => {
  await using api = await HttpApi.open({ document: DOCUMENT })
  for (const [method, path, action] of [
    ['GET', '/notes/mine', 'mine'],
    ['GET', '/notes/7', 'read'],
    ['DELETE', '/notes/a%20b', 'remove'],
    ['POST', '/notes/7:archive', 'archive'],
    ['HEAD', '/notes/7', 'read'],
  ] as const) {
    const told = await api.ask(`/http/notes${path}`, { method })
    assert.equal(told.status, 200, path)
    assert.equal(api.fake.decisions.at(-1)?.action, action)
  }
  assert.deepEqual(
    api.heard.map(({ method, url }) => `${method} ${url}`),
    [
      'GET /api/notes/mine',
      'GET /api/notes/7',
      'DELETE /api/notes/a%20b',
      'POST /api/notes/7:archive',
      'HEAD /api/notes/7',
    ],
  )
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', ''],
    ['GET', '/other'],
    ['DELETE', '/notes/mine'],
    ['PUT', '/notes/7'],
    ['OPTIONS', '/notes'],
    ['TRACE', '/notes'],
    ['GET', '/notes/7/more'],
    ['GET', '/notes/'],
  ] as const) {
    const told = await api.ask(`/http/notes${path}`, { method })
    assert.deepEqual(
      [told.status, told.json['code']],
      [404, 'http.no_operation'],
      `${method} ${path}`,
    )
  }
  assert.equal(api.heard.length, 5)
  assert.equal(api.records('call.denied').length, 9)
  const gone = await api.ask('/http/other/notes')
  assert.deepEqual([gone.status, gone.json['code']], [404, 'resolve.unknown_system'])
})

test('an answer comes with the headers that it may have, its addresses ours, and its secrets cut', async () => {
  await using api = await HttpApi.open({
    document: DOCUMENT,
    equipment: {
      headers: { Authorization: 'Bearer s3cr3t-token-of-ours' },
      secrets: ['s3cr3t-token-of-ours'],
    },
  })
  api.answer = (request, response) => {
    response.writeHead(201, {
      'content-type': 'application/json',
      'set-cookie': 'a=b',
      'www-authenticate': 'Bearer',
      'x-total': '12',
      'x-internal': 'no',
      etag: '"s3cr3t-token-of-ours"',
      location: `http://127.0.0.1:${api.port}/api/notes/9?x=1`,
      link: `</api/notes?page=2>; rel="next", <https://evil.example/x>; rel="other"`,
      'ratelimit-remaining': '3',
      traceparent: '00-11111111111111111111111111111111-2222222222222222-01',
      'access-control-allow-origin': '*',
    })
    response.end(JSON.stringify({ echoed: request.headers.authorization }))
  }
  const told = await api.ask('/http/notes/notes')
  assert.equal(told.status, 201)
  assert.equal(api.heard[0]?.headers.authorization, 'Bearer s3cr3t-token-of-ours')
  assert.ok(!told.text.includes('s3cr3t'))
  const {
    connection: _c,
    date: _d,
    'keep-alive': _k,
    'transfer-encoding': _t,
    etag,
    ...headers
  } = told.headers
  assert.ok(!String(etag).includes('s3cr3t'))
  assert.deepEqual(headers, {
    'cache-control': 'private, no-store',
    'content-type': 'application/json',
    link: '</http/notes/notes?page=2>; rel="next"',
    location: '/http/notes/notes/9?x=1',
    'ratelimit-remaining': '3',
    'x-content-type-options': 'nosniff',
    'x-total': '12',
  })
})

test('what becomes of a call is in its outcome: statuses, bytes, and what was not executed', async () => {
  await using api = await HttpApi.open({ document: DOCUMENT })
  const outcomes: unknown[] = []
  for (const status of [200, 404, 503, 401, 302]) {
    api.answer = (_request, response) => {
      response.writeHead(status, status === 302 ? { location: 'http://169.254.169.254/' } : {})
      response.end('abc')
    }
    const told = await api.ask('/http/notes/notes')
    assert.equal(told.status, status === 401 ? 502 : status)
    assert.equal(told.headers.location, undefined)
    const last = api.records('call.outcome').at(-1)!
    outcomes.push([last['status'], last['http_status'], last['bytes'], last['executed']])
  }
  assert.deepEqual(outcomes, [
    ['ok', 200, 3, 'yes'],
    ['tool_error', 404, 3, 'yes'],
    ['upstream_error', 503, 3, 'unknown'],
    ['upstream_error', 401, 0, 'unknown'],
    ['ok', 302, 3, 'yes'],
  ])
})

test('a held call says where a person sees it, and the same request joins the wait', async () => {
  await using api = await HttpApi.open({ document: DOCUMENT, holdMs: 10_000 })
  api.fake.answers['remove'] = 'hold'
  const held = await api.ask('/http/notes/notes/7', {
    method: 'DELETE',
    headers: { prefer: 'wait=0' },
  })
  assert.equal(held.status, 423)
  assert.equal(held.headers['retry-after'], '5')
  assert.deepEqual(
    [held.json['code'], held.json['approval'], held.json['url']],
    ['approval.pending', 'approval-1', 'http://bailiwick.localhost:7400/approvals/approval-1'],
  )
  const waiting = api.ask('/http/notes/notes/7', {
    method: 'DELETE',
    headers: { prefer: 'wait=9' },
  })
  setTimeout(() => api.fake.approvals.set('approval-1', 'approved'), 20)
  assert.equal((await waiting).status, 200)
  assert.equal(api.heard.length, 1)
})

test('denials are problem documents with their status', async () => {
  await using api = await HttpApi.open({ document: DOCUMENT })
  api.fake.answers['read'] = 'deny'
  const denied = await api.ask('/http/notes/notes/7')
  assert.deepEqual([denied.status, denied.json['code']], [403, 'policy.denied'])
  assert.equal(typeof denied.json['call'], 'string')
  const nobody = await api.ask('/http/notes/notes/7', { token: 'unknown' })
  assert.equal(nobody.status, 401)
  assert.match(String(nobody.headers['www-authenticate']), /resource_metadata="[^"]*\/http\/notes"/)
  const nothing = await api.ask('/http/notes/notes/7', { token: null })
  assert.equal(nothing.status, 401)
  const metadata = await api.ask('/.well-known/oauth-protected-resource/http/notes', {
    token: null,
  })
  assert.match(String(metadata.json['resource']), /\/http\/notes$/)
  api.fake.lock({ id: 'l', reason: 'because', target: 'agent' })
  const locked = await api.ask('/http/notes/nowhere')
  assert.deepEqual([locked.status, locked.json['code']], [403, 'admit.locked'])
  assert.equal(api.heard.length, 0)
})

test('a system that answers before it has read everything is heard, and the connection is not kept waiting', async () => {
  await using api = await HttpApi.open({
    document: DOCUMENT,
    raw: (socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => {
        socket.write('HTTP/1.1 413 Content Too Large\r\ncontent-length: 4\r\n\r\nfull')
      })
    },
  })
  const told = await api.ask('/http/notes/blob', {
    method: 'PUT',
    headers: { 'content-type': 'image/png' },
    body: Buffer.alloc(8_000_000),
  })
  assert.deepEqual([told.status, told.text], [413, 'full'])
  const [outcome] = api.records('call.outcome')
  assert.deepEqual([outcome?.['status'], outcome?.['http_status']], ['tool_error', 413])
})
