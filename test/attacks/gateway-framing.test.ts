// Holds attacks on the gateway by how it is said: broken HTTP, smuggled requests, slow and endless ones, strange paths.

import assert from 'node:assert/strict'
import { connect as connectPlain } from 'node:net'
import { after, before, test } from 'node:test'
import { alive, until } from '../e2e/until.ts'
import { post } from './raw.ts'
import { discreet, Target } from './target.ts'

let target: Target

before(async () => {
  target = await Target.open()
})

after(() => target[Symbol.asyncDispose]())

const JSON_TYPE = ['Content-Type', 'application/json'] as const

function echo(text: string, id: number): string {
  const params = { name: 'echo', arguments: { text } }
  return JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params })
}

function length(body: string): readonly [string, string] {
  return ['Content-Length', String(Buffer.byteLength(body))]
}

const INNER = echo('smuggled', 2)
const SMUGGLED = post('/mcp/probe', [JSON_TYPE, length(INNER)], INNER).toString('latin1')
const BODY = echo('framed', 1)
const CHUNKED = ['Transfer-Encoding', 'chunked'] as const

test('requests whose end two readers would see in two places are refused, and the connection ends', async () => {
  const chunks = `0\r\n\r\n${SMUGGLED}`
  for (const [what, bytes] of [
    ['both lengths', post('/mcp/probe', [JSON_TYPE, length(BODY), CHUNKED], chunks)],
    ['both, turned', post('/mcp/probe', [JSON_TYPE, CHUNKED, length(BODY)], chunks)],
    [
      'two lengths',
      post('/mcp/probe', [JSON_TYPE, length(BODY), ['Content-Length', '3']], BODY + SMUGGLED),
    ],
    ['one length twice', post('/mcp/probe', [JSON_TYPE, length(BODY), length(BODY)], BODY)],
    ['a list of lengths', post('/mcp/probe', [JSON_TYPE, ['Content-Length', '3, 3']], BODY)],
    ['a signed length', post('/mcp/probe', [JSON_TYPE, ['Content-Length', '+3']], BODY)],
    ['a negative length', post('/mcp/probe', [JSON_TYPE, ['Content-Length', '-1']], BODY)],
    ['a hexadecimal length', post('/mcp/probe', [JSON_TYPE, ['Content-Length', '0x10']], BODY)],
    [
      'a length without end',
      post('/mcp/probe', [JSON_TYPE, ['Content-Length', '9'.repeat(40)]], BODY),
    ],
    ['another coding', post('/mcp/probe', [JSON_TYPE, ['Transfer-Encoding', 'xchunked']], chunks)],
    [
      'coded twice',
      post('/mcp/probe', [JSON_TYPE, ['Transfer-Encoding', 'chunked, gzip']], chunks),
    ],
    ['no hexadecimal', post('/mcp/probe', [JSON_TYPE, CHUNKED], `zz\r\n${BODY}\r\n0\r\n\r\n`)],
    ['a huge chunk', post('/mcp/probe', [JSON_TYPE, CHUNKED], `${'f'.repeat(20)}\r\n${BODY}`)],
    ['a negative chunk', post('/mcp/probe', [JSON_TYPE, CHUNKED], `-1\r\n${BODY}\r\n0\r\n\r\n`)],
    ['a long chunk', post('/mcp/probe', [JSON_TYPE, CHUNKED], `3\r\n${BODY}\r\n0\r\n\r\n`)],
    [
      'a bare line feed',
      Buffer.from(`POST /mcp/probe HTTP/1.1\nHost: x\nContent-Length: 3\n\nabc`),
    ],
    ['a space before the colon', post('/mcp/probe', [JSON_TYPE, ['Content-Length ', '3']], BODY)],
    ['a folded header', post('/mcp/probe', [JSON_TYPE, ['X-A', 'b\r\n c'], length(BODY)], BODY)],
    ['a NUL in a header', post('/mcp/probe', [JSON_TYPE, ['X-A', 'b\u0000c']], BODY)],
    ['no method', Buffer.from('\u0000\u0001\u0002\u0003\r\n\r\n')],
    ['the preface of HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
  ] as const) {
    const before = target.journal().length
    using connection = await target.connect()
    connection.write(bytes)
    await connection.end()
    const [status, ...more] = connection.statuses
    assert.equal(status, 400, what)
    assert.deepEqual(more, [], `${what}: one answer at most`)
    assert.ok(connection.received.includes('"code":"http.malformed"'), connection.received)
    assert.ok(!connection.received.includes('smuggled'), what)
    assert.equal(target.journal().length, before, `${what}: nothing of it ran`)
    discreet(connection.received)
  }
  await target.well()
})

test('a request without a host, or of another version of HTTP, is refused', async () => {
  const fields = `Content-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`
  for (const head of ['POST /mcp/probe HTTP/1.1', 'POST /mcp/probe HTTP/3.0']) {
    using connection = await target.connect()
    connection.write(`${head}\r\n${fields}`)
    await connection.end()
    assert.deepEqual(connection.statuses, [400], head)
  }
  // Whoever speaks HTTP of 1991 is heard, and is nobody else for it.
  using connection = await target.connect()
  connection.write(`POST /mcp/probe\r\n${fields}`)
  await connection.end()
  assert.ok(connection.statuses.length <= 1)
  await target.well()
})

test('requests in one piece are answered each for itself, in their order', async () => {
  using connection = await target.connect()
  const texts = ['first', 'second', 'third', 'fourth', 'fifth']
  const all = texts.map((text, i) => {
    const body = echo(text, i + 10)
    return post('/mcp/probe', [JSON_TYPE, length(body)], body)
  })
  connection.write(Buffer.concat(all))
  assert.deepEqual(await connection.answers(5), [200, 200, 200, 200, 200])
  await until('the last', () => connection.received.includes('"text":"fifth"'))
  const ids = [...connection.received.matchAll(/"id":(\d+)/g)].map((match) => Number(match[1]))
  assert.deepEqual(ids, [10, 11, 12, 13, 14])
  // In pieces of one byte it is the same request.
  const body = echo('in pieces', 20)
  for (const byte of post('/mcp/probe', [JSON_TYPE, length(body)], body)) {
    connection.write(Uint8Array.of(byte))
  }
  await until('the answer', () => connection.received.includes('"text":"in pieces"'))
})

test('headers without end, bodies without end and requests that never end are cut off in time', async () => {
  using headers = await target.connect()
  headers.write('POST /mcp/probe HTTP/1.1\r\nHost: x\r\n')
  for (let i = 0; i < 400; i++) headers.write(`X-${i}: ${'v'.repeat(100)}\r\n`)
  await headers.end()
  assert.deepEqual(headers.statuses, [431])
  assert.ok(headers.received.includes('"code":"http.headers"'))
  using body = await target.connect()
  body.write(post('/mcp/probe', [JSON_TYPE, CHUNKED], ''))
  const piece = `10000\r\n${' '.repeat(65_536)}\r\n`
  for (let i = 0; i < 64 && !body.closed; i++) {
    body.write(piece)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await body.end()
  assert.deepEqual(body.statuses.slice(0, 1), [413])
  await target.well()
})

test('whoever says too little too slowly is cut off, and others are served meanwhile', async () => {
  using header = await target.connect()
  header.write('POST /mcp/probe HTTP/1.1\r\nHost: x\r\nX-Slow: ')
  using body = await target.connect()
  body.write(post('/mcp/probe', [JSON_TYPE, ['Content-Length', '1000']], '{'))
  const handshake = connectPlain({ port: target.bailiwick.gatewayPort, host: '127.0.0.1' })
  let shaken = false
  handshake.on('close', () => (shaken = true))
  handshake.on('error', () => handshake.destroy())
  const drip = setInterval(() => {
    header.write('s')
    body.write(' ')
  }, 250)
  try {
    while (!header.closed || !body.closed || !shaken) {
      const answer = await target.echo('meanwhile')
      assert.equal(answer.status, 200)
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  } finally {
    clearInterval(drip)
    handshake.destroy()
  }
  await target.well()
})

test('a path that is not exactly the system’s is nobody’s', async () => {
  const before = target.journal().length
  for (const path of [
    '/mcp/../mcp/probe',
    '/mcp/./probe',
    '/./mcp/probe',
    '//mcp/probe',
    '/mcp//probe',
    '/mcp/probe/',
    '/mcp/probe/..',
    '/mcp/PROBE',
    '/MCP/probe',
    '/mcp/%70robe',
    '/mcp%2fprobe',
    '/mcp/probe%2f..%2fprobe',
    '/mcp/probe%00',
    '/mcp/probe;v=1',
    '/mcp/probe#x',
    '/mcp/..%5cprobe',
    '\\mcp\\probe',
    'mcp/probe',
    '*',
    '/mcp/__proto__',
    '/mcp/constructor',
  ]) {
    using connection = await target.connect()
    connection.write(post(path, [JSON_TYPE, length(BODY), ['Connection', 'close']], BODY))
    await connection.end()
    const [status] = connection.statuses
    assert.ok(status === 404 || status === 400, `${path}: ${status}`)
    discreet(connection.received)
  }
  assert.equal(target.journal().length, before)
  await target.well()
  assert.equal(alive(target.bailiwick.server.pid), true)
})

test('a target in absolute form is a request to the web, and never one of ours', async () => {
  const before = target.journal().length
  for (const url of ['http://127.0.0.1/mcp/probe', 'https://evil.example/mcp/probe']) {
    using connection = await target.connect()
    connection.write(post(url, [JSON_TYPE, length(BODY), ['Connection', 'close']], BODY))
    await connection.end()
    const [status = 0] = connection.statuses
    assert.ok([400, 403, 502].includes(status), `${url}: ${status}`)
    discreet(connection.received)
  }
  assert.equal(target.journal().length, before)
})
