// Holds attacks on HTTP APIs by how a request is said: paths, names and bodies that another reader takes for something else.

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { apiDocument, HttpApi, parameter } from '../fakes/http-api.ts'
import { until } from '../e2e/until.ts'

let api: HttpApi

before(async () => {
  api = await HttpApi.open({
    document: apiDocument({
      '/admin': { get: { operationId: 'admin' } },
      '/users/{id}': {
        get: {
          operationId: 'user',
          parameters: [
            parameter('id', 'path'),
            parameter('fields', 'query'),
            parameter(
              'ids',
              'query',
              { type: 'array', items: { type: 'string' } },
              { explode: false },
            ),
            parameter('X-Mode', 'header'),
          ],
        },
      },
      '/users/me': { get: { operationId: 'me' } },
      '/notes': {
        post: {
          operationId: 'add',
          requestBody: {
            content: {
              'application/json': {
                schema: { type: 'object', properties: { a: { type: 'string' } } },
              },
            },
          },
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
                    file: { type: 'string', format: 'binary' },
                  },
                },
              },
            },
          },
        },
      },
    }),
  })
})

after(() => api[Symbol.asyncDispose]())

beforeEach(() => {
  api.heard.length = 0
  api.fake.decisions.length = 0
})

test('INV-12 a path that two servers read differently is read by none', async () => {
  for (const path of [
    '/users/../admin',
    '/users/./7',
    '/users/%2e%2e/admin',
    '/users/%2E%2e/admin',
    '/users/.%2e/admin',
    '/users/..%2fadmin',
    '/users/a%2fb',
    '/users/a%2Fb',
    '/users/a%5cb',
    '/users/%252e%252e',
    '/users/a%252fb',
    '/users/a%2561',
    '//users/7',
    '/users//7',
    '/users/7//',
    '/users/7;x=1',
    '/users;x/7',
    '/users/7%3bx',
    '/users/7%00',
    '/users/7%0d%0aX-Mode:%20evil',
    '/users/7%',
    '/users/7%2',
    '/users/7%zz',
    '/users/%c0%ae%c0%ae',
    '/users/%ff',
    '/users/a|b',
    '/users/a{b}',
    '/users/a"b',
    '/users/ME',
    '/users/me.',
    '/users/me%20',
    '/users/%EF%BD%8De',
    '/ADMIN',
    '/Users/7',
  ]) {
    const told = await api.ask(`/http/notes${path}`)
    assert.deepEqual([told.status, told.json['code']], [400, 'http.target'], path)
  }
  assert.equal(api.heard.length, 0)
  assert.equal(api.fake.decisions.length, 0)
})

test('INV-12 what is read is what is sent: one value, in one form', async () => {
  for (const [path, id, sent] of [
    ['/users/7', '7', '/api/users/7'],
    ['/users/%37', '7', '/api/users/7'],
    ['/users/a%20b+c', 'a b+c', '/api/users/a%20b%2Bc'],
    ["/users/!'()*:@&=,$", "!'()*:@&=,$", '/api/users/%21%27%28%29%2A%3A%40%26%3D%2C%24'],
    ['/users/100%25', '100%', '/api/users/100%25'],
    ['/users/%C3%A9', 'é', '/api/users/%C3%A9'],
    ['/users/...', '...', '/api/users/...'],
    ['/users/7%3Fadmin=1', '7?admin=1', '/api/users/7%3Fadmin%3D1'],
    ['/users/7%23x', '7#x', '/api/users/7%23x'],
  ] as const) {
    api.heard.length = 0
    api.fake.decisions.length = 0
    const told = await api.ask(`/http/notes${path}`)
    assert.equal(told.status, 200, path)
    assert.deepEqual(JSON.parse(JSON.stringify(api.fake.decisions[0]?.input)), { path: { id } })
    assert.equal(api.heard[0]?.url, sent)
  }
})

test('INV-12 parameters that come twice, by another case or under another name are refused', async () => {
  for (const query of [
    'fields=a&fields=b',
    'fields=a&%66ields=b',
    'Fields=a',
    'fields[]=a',
    'fields=a&admin=1',
    'ids=1&ids=2',
    'fields=%00',
    'fields=a%0d%0ab',
    'fields=%',
    'fields=%ff',
    '__proto__=1',
    'fields%00=1',
    'fields=a;admin=1&admin=2',
  ]) {
    const told = await api.ask(`/http/notes/users/7?${query}`)
    assert.deepEqual([told.status, told.json['code']], [400, 'http.parameter'], query)
  }
  for (const value of [['a', 'b'], 'caf\u00e9']) {
    const told = await api.ask('/http/notes/users/7', { headers: { 'x-mode': value } })
    assert.deepEqual([told.status, told.json['code']], [400, 'http.parameter'])
  }
  assert.equal(api.heard.length, 0)
})

test('INV-12 an element of a list never holds what parts it, however it was written', async () => {
  await api.ask('/http/notes/users/7?ids=ok%2Cforbidden')
  assert.deepEqual(JSON.parse(JSON.stringify(api.fake.decisions[0]?.input)), {
    path: { id: '7' },
    query: { ids: ['ok', 'forbidden'] },
  })
  assert.equal(api.heard[0]?.url, '/api/users/7?ids=ok,forbidden')
})

test('a form whose parts two readers would see in two places is refused', async () => {
  const send = async (body: string, type = 'multipart/form-data; boundary=B') => {
    const told = await api.ask('/http/notes/upload', {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    })
    return [told.status, told.json['code']]
  }
  const head = 'Content-Disposition: form-data; name="title"'
  const file = 'Content-Disposition: form-data; name="file"; filename='
  const refused = [400, 'http.form']
  for (const body of [
    `preamble\r\n--B\r\n${head}\r\n\r\na\r\n--B--\r\n`,
    `--B\r\n${head}\r\n\r\na\r\n--B--\r\nepilogue`,
    `--B\r\n${head}\r\n\r\na\r\n--B-- \r\n`,
    `--B \r\n${head}\r\n\r\na\r\n--B--\r\n`,
    `--B\n${head}\n\na\n--B--\n`,
    `--B\r\n${head}\r\n\r\na\r\n--B`,
    `--B\r\n${head}\r\n\r\na`,
    `--B\r\n${head}\r\n`,
    `--B\r\n${head}\r\n${head}\r\n\r\na\r\n--B--\r\n`,
    `--B\r\n${head}; name="file"\r\n\r\na\r\n--B--\r\n`,
    `--B\r\n${head}; name*=UTF-8''file\r\n\r\na\r\n--B--\r\n`,
    `--B\r\nContent-Disposition: form-data;\r\n name="title"\r\n\r\na\r\n--B--\r\n`,
    `--B\r\nContent-Disposition: form-data; name=title\r\n\r\na\r\n--B--\r\n`,
    `--B\r\nContent-Disposition: attachment; name="title"\r\n\r\na\r\n--B--\r\n`,
    `--B\r\nContent-Disposition: form-data; name="ti\\"tle"\r\n\r\na\r\n--B--\r\n`,
    `--B\r\n${head}\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n--B--\r\n`,
    `--B\r\n${head}; filename="x"\r\n\r\na\r\n--B--\r\n`,
    `--B\r\n${file}"../../etc/passwd"\r\n\r\na\r\n--B--\r\n`,
    `--B\r\n${file}"a\\b"\r\n\r\na\r\n--B--\r\n`,
    `--B\r\n${file}"a"; filename*=UTF-8''b.exe\r\n\r\na\r\n--B--\r\n`,
    `--B\r\n${file}"a"\r\n\r\na\r\n--B\r\n${file}"b"\r\n\r\nb\r\n--B--\r\n`,
    `--B\r\n\r\na\r\n--B--\r\n`,
    `--B--\r\n--B--\r\n`,
  ]) {
    assert.deepEqual(await send(body), refused, JSON.stringify(body))
  }
  const plain = `--B\r\n${head}\r\n\r\na\r\n--B--\r\n`
  assert.deepEqual(await send(plain, 'multipart/form-data'), refused)
  assert.deepEqual(await send(plain, 'multipart/form-data; boundary="B "'), refused)
  assert.deepEqual(await send(plain, 'multipart/form-data; boundary=B; boundary=C'), [
    415,
    'http.media_type',
  ])
  assert.equal(api.heard.length, 0)
  assert.deepEqual(await send(`--B\r\n${head}\r\n\r\na\r\n--B\r\n${head}\r\n\r\nb\r\n--B--\r\n`), [
    400,
    'http.parameter',
  ])
  const big = 'x'.repeat(1_200_000)
  assert.deepEqual(
    await send(`--B\r\n${file}"a"\r\n\r\n${big}\r\n--B\r\n${head}\r\n\r\nunseen\r\n--B--\r\n`),
    refused,
  )
  assert.equal(api.heard.length, 0, 'what came behind the file was never a whole request')
  assert.deepEqual(await send(`--B\r\n${head}\r\n\r\n${big}\r\n--B--\r\n`), [413, 'http.body'])
  assert.equal((await send(plain))[0], 200)
  assert.equal(api.heard.length, 1)
})

/** Sends bytes as they are; what comes back until the connection is quiet or over. */
async function raw(text: string, enough: RegExp = /\r\n\r\n/): Promise<string> {
  const socket = connect(api.gatewayPort, '127.0.0.1')
  let received = ''
  let closed = false
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
  socket.on('close', () => (closed = true))
  socket.on('error', () => undefined)
  socket.write(text, 'latin1')
  try {
    await until('an answer', () => closed || enough.test(received))
  } finally {
    socket.destroy()
  }
  return received
}

function head(line: string, headers: readonly string[]): string {
  const host = `Host: 127.0.0.1:${api.gatewayPort}`
  return [line, host, 'Authorization: Bearer agent-token', ...headers, '', ''].join('\r\n')
}

test('RFC 9112 §6.3 requests whose end two readers would see in two places reach no system', async () => {
  const json = 'Content-Type: application/json'
  const line = 'POST /http/notes/notes HTTP/1.1'
  const inner = head('GET /http/notes/admin HTTP/1.1', [])
  for (const [what, bytes] of [
    [
      'both lengths',
      `${head(line, [json, 'Content-Length: 2', 'Transfer-Encoding: chunked'])}0\r\n\r\n${inner}`,
    ],
    ['two lengths', `${head(line, [json, 'Content-Length: 2', 'Content-Length: 3'])}{}${inner}`],
    ['a list of lengths', `${head(line, [json, 'Content-Length: 2, 2'])}{}`],
    ['another coding', `${head(line, [json, 'Transfer-Encoding: chunked, identity'])}0\r\n\r\n`],
    ['a space before the colon', `${head(line, [json, 'Content-Length : 2'])}{}`],
    ['a folded header', `${head(line, [json, 'Content-Length: 2', 'X-Mode: a\r\n b'])}{}`],
    [
      'a bare line feed',
      head(line, [json, 'X-Mode: a\nContent-Length: 2']).replaceAll('\r\n', '\n'),
    ],
    ['a bare carriage return', `${head(line, [json, 'X-Mode: a\rContent-Length: 2'])}{}`],
    ['a broken chunk', `${head(line, [json, 'Transfer-Encoding: chunked'])}2\r\n{}XX\r\n0\r\n\r\n`],
    [
      'a chunk that lies',
      `${head(line, [json, 'Transfer-Encoding: chunked'])}1\r\n{}\r\n0\r\n\r\n`,
    ],
    ['no HTTP', 'GET /http/notes/admin\r\n\r\n'],
    ['a tunnel', head('CONNECT 127.0.0.1:1 HTTP/1.1', [])],
    ['an absolute form', head(`GET http://127.0.0.1:${api.port}/api/admin HTTP/1.1`, [])],
    ['an unknown method', head('SPLICE /http/notes/admin HTTP/1.1', [])],
    ['an unmet expectation', `${head(line, [json, 'Content-Length: 2', 'Expect: 200-maybe'])}{}`],
  ] as const) {
    const received = await raw(bytes)
    assert.match(received, /^(?:HTTP\/1\.1 4\d\d |$)/, `${what}: ${received.slice(0, 80)}`)
    assert.equal(api.heard.length, 0, what)
  }
  const upgraded = await raw(
    head('GET /http/notes/admin HTTP/1.1', ['Connection: Upgrade', 'Upgrade: websocket']),
  )
  assert.match(upgraded, /^HTTP\/1\.1 200 /)
  assert.equal(api.heard[0]?.headers.upgrade, undefined)
})

test('a GET with a body that its operation does not take is refused before it goes anywhere', async () => {
  const told = await api.ask('/http/notes/admin', {
    body: 'x',
    headers: { 'content-type': 'text/plain' },
  })
  assert.deepEqual([told.status, told.json['code']], [415, 'http.media_type'])
  assert.equal(api.heard.length, 0)
})

test('what pretends to be another method, or to come from elsewhere, does not get through', async () => {
  await api.ask('/http/notes/users/7', {
    headers: {
      'x-http-method-override': 'DELETE',
      'x-original-url': '/admin',
      'x-forwarded-host': 'evil.example',
      forwarded: 'for=127.0.0.1',
      cookie: 'admin=1',
      'proxy-authorization': 'Basic eDp5',
      te: 'trailers',
      range: 'bytes=0-1',
    },
  })
  const { traceparent: _t, tracestate: _s, ...headers } = api.heard[0]!.headers
  assert.deepEqual(headers, {
    host: `127.0.0.1:${api.port}`,
    connection: 'keep-alive',
    accept: '*/*',
    'accept-encoding': 'identity',
    'user-agent': 'bailiwick',
  })
})

test('a web page gets nowhere, neither by asking first nor at once', async () => {
  for (const method of ['OPTIONS', 'GET', 'POST']) {
    const told = await api.ask('/http/notes/admin', {
      method,
      headers: { origin: 'https://evil.example' },
    })
    assert.equal(told.status, 403)
    assert.equal(told.json['code'], 'http.origin')
    assert.equal(told.headers['access-control-allow-origin'], undefined)
  }
  assert.equal(api.heard.length, 0)
})
