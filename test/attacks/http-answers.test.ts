// Holds attacks on HTTP APIs by what a system answers, and what becomes of an answer that is cut.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { connect, type Socket } from 'node:net'
import { apiDocument, HttpApi } from '../fakes/http-api.ts'
import { NOTHING_EQUIPPED } from '../../src/gateway/equipment.ts'
import { until } from '../e2e/until.ts'

const DOCUMENT = apiDocument({
  '/a': { get: { operationId: 'a', responses: { 200: { content: { 'text/plain': {} } } } } },
  '/events': {
    get: { operationId: 'events', responses: { 200: { content: { 'text/event-stream': {} } } } },
  },
})

/** Writes bytes once a request has come. */
function answering(bytes: string, end = true): (socket: Socket) => void {
  return (socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      socket.write(bytes, 'latin1')
      if (end) socket.end()
    })
  }
}

test('a system that lies about length is found out: the agent gets no whole answer, and the outcome says so', async () => {
  for (const [what, bytes] of [
    ['shorter than said', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc'],
    ['no end of chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n'],
    ['a broken chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n'],
  ] as const) {
    await using api = await HttpApi.open({ document: DOCUMENT, raw: answering(bytes) })
    const told = await api.ask('/http/notes/a').catch(() => undefined)
    const whole = told !== undefined && !told.broken && told.status === 200
    assert.ok(!whole, what)
    const [outcome] = api.records('call.outcome')
    assert.equal(outcome?.['status'], 'upstream_error', what)
    assert.match(String(outcome?.['code']), /^net\.(?:closed|malformed)$/)
  }
})

test('bytes behind an answer are no answer to anybody', async () => {
  const stolen = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen'
  await using api = await HttpApi.open({
    document: DOCUMENT,
    raw: answering(`HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc${stolen}`, false),
  })
  for (let n = 0; n < 3; n++) {
    const told = await api.ask('/http/notes/a')
    assert.ok(!told.text.includes('stolen'))
  }
})

test('what is no HTTP is told as that, and nothing of it', async () => {
  for (const bytes of [
    'SSH-2.0-OpenSSH\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd',
    'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nx-a: b\r\n folded: 1\r\ncontent-length: 0\r\nbad header\r\n\r\n',
    'HTTP/1.1 200 OK\r\nx-a: b\0c\r\ncontent-length: 0\r\n\r\n',
    `HTTP/1.1 200 OK\r\nx-a: ${'b'.repeat(60_000)}\r\n\r\n`,
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
  ]) {
    await using api = await HttpApi.open({ document: DOCUMENT, raw: answering(bytes) })
    const told = await api.ask('/http/notes/a')
    assert.equal(told.status, 502, JSON.stringify(bytes.slice(0, 60)))
    assert.match(String(told.json['code']), /^net\.(?:malformed|closed)$/)
    assert.ok(!told.text.includes('OpenSSH'))
  }
})

test('a header of an answer cannot add another', async () => {
  await using api = await HttpApi.open({
    document: DOCUMENT,
    raw: answering('HTTP/1.1 200 OK\r\netag: "a\rset-cookie: b=c"\r\ncontent-length: 2\r\n\r\nok'),
  })
  const told = await api.ask('/http/notes/a')
  assert.equal(told.headers['set-cookie'], undefined)
  assert.equal(told.headers.etag, undefined)
})

test('little that becomes very much is cut off, whichever coding it has', async () => {
  const bomb = Buffer.alloc(64_000_000)
  for (const [coding, bytes] of [
    ['gzip', gzipSync(bomb)],
    ['br', brotliCompressSync(bomb)],
    ['gzip', gzipSync(gzipSync(bomb))],
  ] as const) {
    await using api = await HttpApi.open({
      document: DOCUMENT,
      answer: (_request, response) => {
        response.writeHead(200, {
          'content-type': 'application/octet-stream',
          'content-encoding': coding,
        })
        response.end(bytes)
      },
    })
    const told = await api.ask('/http/notes/a').catch(() => undefined)
    if (bytes.length < 1_000 && told !== undefined && !told.broken) continue
    assert.ok(told === undefined || told.broken, coding)
    assert.ok((told?.body.length ?? 0) < 16_000_000)
    assert.equal(api.records('call.outcome')[0]?.['code'], 'net.too_large')
  }
  await using api = await HttpApi.open({
    document: DOCUMENT,
    answer: (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' })
      response.end(gzipSync('plain words'))
    },
  })
  const told = await api.ask('/http/notes/a')
  assert.deepEqual([told.text, told.headers['content-encoding']], ['plain words', undefined])
  api.answer = (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip, br' })
    response.end('x')
  }
  assert.equal((await api.ask('/http/notes/a')).status, 502)
})

/** Opens a stream of events by hand; what came so far, and whether it is over. */
function listening(api: HttpApi): {
  socket: Socket
  received: () => string
  closed: () => boolean
} {
  const socket = connect(api.gatewayPort, '127.0.0.1')
  let received = ''
  let closed = false
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
  socket.on('close', () => (closed = true))
  socket.on('error', () => undefined)
  socket.write(
    `GET /http/notes/events HTTP/1.1\r\nHost: 127.0.0.1:${api.gatewayPort}\r\nAuthorization: Bearer agent-token\r\n\r\n`,
  )
  return { socket, received: () => received, closed: () => closed }
}

test('INV-4 a lock cuts a stream at once, on both sides', async () => {
  let gone = false
  await using api = await HttpApi.open({
    document: DOCUMENT,
    answer: (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: first\n\n')
      response.on('close', () => (gone = true))
    },
  })
  const client = listening(api)
  await until('the first event', () => client.received().includes('data: first'))
  api.fake.lock({ id: 'l', reason: 'because', target: 'agent' })
  await until('the end of both', () => client.closed() && gone)
  assert.ok(!client.received().endsWith('0\r\n\r\n'), 'it was not ended as if it were whole')
  await until('the outcome', () => api.records('call.outcome').length === 1)
  assert.equal(api.records('call.outcome')[0]?.['status'], 'cut')
})

test('INV-5 after a pause longer than the lease the piece that waited goes on to nobody, before any timer has looked', async () => {
  let say = (): void => undefined
  await using api = await HttpApi.open({
    document: DOCUMENT,
    answer: (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: first\n\n')
      say = () => response.write('data: second\n\n')
    },
  })
  const client = listening(api)
  await until('the first event', () => client.received().includes('data: first'))
  // As a process finds it that was stopped: its view is old, and nobody has told it.
  api.fake.lockAge = 60_000
  say()
  await until('the end', () => client.closed())
  assert.ok(!client.received().includes('data: second'), client.received())
  await until('the outcome', () => api.records('call.outcome').length === 1)
  assert.equal(api.records('call.outcome')[0]?.['status'], 'cut')
})

test('a client that leaves is not worked for any longer', async () => {
  let gone = false
  await using api = await HttpApi.open({
    document: DOCUMENT,
    answer: (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: first\n\n')
      response.on('close', () => (gone = true))
    },
  })
  const client = listening(api)
  await until('the first event', () => client.received().includes('data: first'))
  client.socket.destroy()
  await until('the system is told', () => gone)
  await until('the outcome', () => api.records('call.outcome').length === 1)
  assert.equal(api.records('call.outcome')[0]?.['status'], 'cancelled')
})

test('an event without end does not grow here: it is passed on or cut, and never kept', async () => {
  let sent = 0
  await using api = await HttpApi.open({
    document: DOCUMENT,
    answer: (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const more = (): void => {
        while (sent < 200_000_000 && !response.destroyed) {
          sent += 65_536
          if (!response.write(Buffer.alloc(65_536, 'data: x')))
            return void response.once('drain', more)
        }
        response.end()
      }
      more()
    },
  })
  const before = process.memoryUsage().rss
  const told = await api.ask('/http/notes/events').catch(() => undefined)
  assert.ok(told === undefined || told.broken || told.body.length < 100_000_000)
  assert.ok(process.memoryUsage().rss - before < 400_000_000)
})

test('a client that does not read slows the system down, and nothing is piled up for it', async () => {
  let sent = 0
  await using api = await HttpApi.open({
    document: DOCUMENT,
    answer: (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' })
      const more = (): void => {
        while (!response.destroyed && sent < 500_000_000) {
          sent += 65_536
          if (!response.write(Buffer.alloc(65_536))) return void response.once('drain', more)
        }
        response.end()
      }
      more()
    },
  })
  const client = listening(api)
  client.socket.pause()
  await until('something is sent', () => sent > 1_000_000)
  let last = -1
  await until('the system waits', async () => {
    const same = last === sent
    last = sent
    await new Promise((resolve) => setTimeout(resolve, 200))
    return same
  })
  assert.ok(sent < 100_000_000, String(sent))
  client.socket.destroy()
})

test('calls of two accounts never share a connection to the system', async () => {
  await using api = await HttpApi.open({ document: DOCUMENT })
  const ports: (number | undefined)[] = []
  api.answer = (request, response) => {
    ports.push(request.socket.remotePort)
    response.end('ok')
  }
  for (const account of ['ann', 'ann', 'bob', 'ann']) {
    api.equipment = { ...NOTHING_EQUIPPED, account }
    assert.equal((await api.ask('/http/notes/a')).status, 200)
  }
  const [first, second, third, fourth] = ports
  assert.equal(first, second)
  assert.notEqual(second, third)
  assert.equal(fourth, first)
})

test('what cannot be reached is told with what to do, and the outcome says that nothing was done', async () => {
  for (const [transport, code] of [
    [{ url: 'http://127.0.0.1:9/', reach: {} }, 'net.address'],
    [
      { url: 'http://169.254.169.254/latest', reach: { private: true, clearText: true } },
      'net.metadata',
    ],
    [{ url: 'http://127.0.0.1:9/', reach: { private: true } }, 'net.connect'],
    [{ url: 'http://8.8.8.8/', reach: { private: true } }, 'net.clear_text'],
    [{ url: 'https://rebound.example/', reach: {} }, 'net.address'],
  ] as const) {
    await using api = await HttpApi.open({
      document: DOCUMENT,
      transport,
      network: { resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]) },
    })
    const told = await api.ask('/http/notes/a')
    assert.deepEqual([told.status, told.json['code']], [502, code])
    const [outcome] = api.records('call.outcome')
    assert.deepEqual([outcome?.['status'], outcome?.['executed']], ['upstream_error', 'no'])
  }
})
