// Holds the stdio bridge end to end: a real identity, real mutual TLS, both eras, and everything that can go wrong between.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import { Fault } from '../../src/std/fault.ts'
import { bridged, json, type Bridged, type Script } from '../fakes/bridged.ts'
import { FakeClock } from '../fakes/clock.ts'
import { until } from './until.ts'

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
}

/** A request of 2026-07-28. */
function modern(id: string | number, name = 'read', more: object = {}) {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, _meta: META, ...more } }
}

/** A request of 2025-11-25. */
function legacy(id: string | number, method = 'tools/call') {
  return { jsonrpc: '2.0', id, method, params: { name: 'read' } }
}

const echo: Script = ({ message, response }) => {
  if (message.id === undefined) return void response.writeHead(202).end()
  json(response, JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { was: message.id } }))
}

function post(world: Bridged, method: string) {
  return world.posts.filter(({ message }) => message.method === method)
}

test('a request goes out under the instance’s certificate, with the headers of its era, and its answer comes back', async (t) => {
  const world = await bridged(t)
  world.script = echo
  world.say(modern(1))
  world.say(legacy('1'))
  const lines = await world.lines(2)
  assert.deepEqual(new Set(lines.map(({ id }) => id)), new Set([1, '1']))
  const [first] = world.posts.filter(({ message }) => message.id === 1)
  assert.equal(first?.path, '/mcp/files')
  assert.equal(first?.headers['mcp-protocol-version'], '2026-07-28')
  assert.equal(first?.headers['mcp-method'], 'tools/call')
  assert.equal(first?.headers['mcp-name'], 'read')
  const [second] = world.posts.filter(({ message }) => message.id === '1')
  assert.equal(second?.headers['mcp-protocol-version'], undefined)
  assert.ok(first?.instance !== undefined)
  assert.equal(first.instance, second?.instance)
})

test('numbers and bytes of a message reach the gateway as the client wrote them, and answers come back exactly', async (t) => {
  const world = await bridged(t)
  world.script = ({ response }) =>
    json(response, '{"jsonrpc":"2.0",\n "id":1,"result":{"n":9007199254740993,"x":1.0}}')
  const text =
    '{"jsonrpc":"2.0","id":1, "method":"tools/call","params":{"name":"a","arguments":{"n":1e400}}}'
  world.say(text)
  await world.lines(1)
  assert.equal(world.posts[0]?.text, text)
  assert.deepEqual(world.written, [
    '{"jsonrpc":"2.0","id":1,"result":{"n":9007199254740993,"x":1.0}}',
  ])
})

test('a stream’s notifications come before its answer, in order; comments and foreign requests do not come at all', async (t) => {
  const world = await bridged(t)
  world.script = ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    response.write(': still here\n\n')
    for (const progress of [1, 2, 3]) {
      const params = { progress, progressToken: 9 }
      response.write(
        `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params })}\n\n`,
      )
    }
    response.write(
      'data: {"jsonrpc":"2.0","id":5,"method":"sampling/createMessage","params":{}}\n\n',
    )
    response.end('data: {"jsonrpc":"2.0","id":7,"result":{}}\n\n')
  }
  world.say(modern(7))
  const lines = await world.lines(4)
  assert.deepEqual(
    lines.map(({ params, id }) => params?.['progress'] ?? id),
    [1, 2, 3, 7],
  )
  assert.ok(world.notes.some((note) => note.includes('sampling/createMessage')))
})

test('a handshake’s revision is repeated in headers, and the handshake again for a new instance', async (t) => {
  const world = await bridged(t)
  world.script = (posted) => {
    if (posted.message.method !== 'initialize') return echo(posted)
    const result = { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: {} }
    json(posted.response, JSON.stringify({ jsonrpc: '2.0', id: posted.message.id, result }))
  }
  world.say(legacy(0, 'initialize'))
  await world.lines(1)
  world.say({ jsonrpc: '2.0', method: 'notifications/initialized' })
  world.say(legacy(1))
  await world.lines(2)
  assert.equal(post(world, 'initialize')[0]?.headers['mcp-protocol-version'], undefined)
  assert.equal(
    post(world, 'notifications/initialized')[0]?.headers['mcp-protocol-version'],
    '2025-06-18',
  )
  assert.equal(post(world, 'tools/call')[0]?.headers['mcp-protocol-version'], '2025-06-18')

  const before = world.posts[0]?.instance
  await world.district.identities.revokeInstance(before!, 'a test', 'per_0')
  world.say(legacy(2))
  const lines = await world.lines(3)
  assert.equal(lines[2]?.result?.['was'], 2)
  assert.equal(post(world, 'initialize').length, 2)
  const after = world.posts.at(-1)?.instance
  assert.notEqual(after, undefined)
  assert.notEqual(after, before)
})

test('an identity that the gateway refuses twice is not tried a third time; the client gets its own id', async (t) => {
  const world = await bridged(t)
  let posts = 0
  world.script = ({ response }) => {
    posts++
    const error = { code: -32010, message: 'no', data: { code: 'authenticate.x' } }
    json(response, JSON.stringify({ jsonrpc: '2.0', id: null, error }), 401)
  }
  world.say(modern('mine'))
  const [line] = await world.lines(1)
  assert.equal(line?.id, 'mine')
  assert.equal(line?.error?.data.code, 'authenticate.x')
  assert.equal(posts, 2)
})

test('cancelling a 2026-07-28 request closes its connection; nothing more is said of it', async (t) => {
  const world = await bridged(t)
  let closed = false
  world.script = (posted) => {
    if (posted.message.id !== 1) return echo(posted)
    posted.response.on('close', () => (closed = true))
    posted.response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\n')
  }
  world.say(modern(1))
  await until('the request', () => world.posts.length === 1)
  world.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } })
  await until('the connection to close', () => closed)
  world.say(modern(2))
  const lines = await world.lines(1)
  assert.deepEqual(
    lines.map(({ id }) => id),
    [2],
  )
  assert.equal(post(world, 'notifications/cancelled').length, 0)
})

test('cancelling a 2025-11-25 request is posted, again while it runs; its answer is not passed on', async (t) => {
  const world = await bridged(t)
  let finish = (): void => undefined
  world.script = (posted) => {
    if (posted.message.method !== 'tools/call' || posted.message.id !== 1) return echo(posted)
    finish = () => echo(posted)
  }
  world.say(legacy(1))
  await until('the request', () => world.posts.length === 1)
  world.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: '1' } })
  world.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } })
  await until('two cancellations', () => post(world, 'notifications/cancelled').length >= 2)
  finish()
  world.say(legacy(2))
  const lines = await world.lines(1)
  assert.deepEqual(
    lines.map(({ id }) => id),
    [2],
  )
  const cancelled = post(world, 'notifications/cancelled')
  assert.ok(cancelled.every(({ message }) => message.params?.['requestId'] === 1))
})

test('an id may be used again, even while its first use is under way', async (t) => {
  const world = await bridged(t)
  const held: (() => void)[] = []
  world.script = (posted) => void held.push(() => echo(posted))
  world.say(modern(1))
  world.say(modern(1))
  await until('both', () => held.length === 2)
  held.forEach((finish) => finish())
  await world.lines(2)
  world.say(modern(1))
  await until('the third', () => held.length === 3)
  held[2]!()
  assert.equal((await world.lines(3)).length, 3)
})

test('a gateway that restarts is waited for: nothing was sent, so nothing is sent twice', async (t) => {
  const world = await bridged(t)
  world.script = echo
  world.say(modern(1))
  await world.lines(1)
  const start = await world.stop()
  world.say(modern(2))
  await turn()
  await start()
  const lines = await world.lines(2)
  assert.equal(lines[1]?.result?.['was'], 2)
  assert.equal(post(world, 'tools/call').length, 2)
  assert.equal(new Set(world.posts.map(({ instance }) => instance)).size, 1)
})

test('a gateway that stays away is an error that says so, after a bounded wait', async (t) => {
  const clock = new FakeClock()
  const timer = {
    after: (ms: number, run: () => void) => {
      const soon = setImmediate(() => (clock.advance(ms), run()))
      return () => clearImmediate(soon)
    },
  }
  const world = await bridged(t, { clock, timer })
  world.script = echo
  world.say(modern(1))
  await world.lines(1)
  const start = await world.stop()
  world.say(modern(2))
  const lines = await world.lines(2)
  assert.equal(lines[1]?.id, 2)
  assert.equal(lines[1]?.error?.code, -32013)
  assert.equal(lines[1]?.error?.data.code, 'bridge.unreachable')
  assert.match(lines[1]?.error?.message ?? '', /bailiwick doctor/)
  await start()
  world.say(modern(3))
  assert.equal((await world.lines(3))[2]?.result?.['was'], 3)
})

test('a connection that breaks after the request was taken is an error, and never a second request', async (t) => {
  const world = await bridged(t)
  world.script = ({ message, response }) => {
    if (message.id === 1) return void response.destroy()
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(
      'data: {"jsonrpc":"2.0","method":"notifications/progress","params":{}}\n\n',
      () => {
        if (message.id === 2) response.destroy()
        else response.end()
      },
    )
  }
  world.say(modern(1))
  await world.lines(1)
  world.say(modern(2))
  await world.lines(3)
  world.say(modern(3))
  const lines = await world.lines(5)
  const errors = lines.filter(({ error }) => error !== undefined)
  assert.deepEqual(
    errors.map(({ id, error }) => [id, error?.data.code]),
    [
      [1, 'bridge.lost'],
      [2, 'bridge.lost'],
      [3, 'bridge.lost'],
    ],
  )
  assert.equal(world.posts.length, 3)
})

test('what the gateway answers that is no JSON-RPC becomes a JSON-RPC error with its code', async (t) => {
  const world = await bridged(t)
  const answers = [
    (response: Parameters<Script>[0]['response']) =>
      response
        .writeHead(413, { 'content-type': 'application/problem+json' })
        .end('{"code":"http.body","detail":"too large","next":"send less"}'),
    (response: Parameters<Script>[0]['response']) => response.writeHead(502).end('<html>'),
    (response: Parameters<Script>[0]['response']) =>
      json(response, '{"jsonrpc":"2.0","id":99,"result":{}}'),
    (response: Parameters<Script>[0]['response']) => json(response, '{"jsonrpc":"2.0","id":1}'),
  ]
  world.script = ({ message, response }) => answers[message.id as number]!(response)
  for (const id of [0, 1, 2, 3]) {
    world.say(modern(id))
    await world.lines(id + 1)
  }
  const lines = await world.lines(4)
  assert.deepEqual(
    lines.map(({ id, error }) => [id, error?.data.code]),
    [
      [0, 'http.body'],
      [1, 'bridge.answer'],
      [2, 'bridge.answer'],
      [3, 'bridge.answer'],
    ],
  )
})

test('a client that does not read holds back the gateway, and loses nothing', async (t) => {
  const chunks: Buffer[] = []
  let release: (() => void) | undefined
  let open = false
  const output = new Writable({
    highWaterMark: 1,
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk)
      if (open) done()
      else release = done
    },
  })
  const world = await bridged(t, { output })
  const total = 250
  const text = 'x'.repeat(100_000)
  let sent = 0
  let full = false
  const flood = async ({ response }: Parameters<Script>[0]): Promise<void> => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (; sent < total; sent++) {
      const message = { jsonrpc: '2.0', method: 'notifications/message', params: { n: sent, text } }
      if (response.write(`data: ${JSON.stringify(message)}\n\n`)) continue
      full = true
      await once(response, 'drain')
      full = false
    }
    response.end('data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n')
  }
  world.script = (posted) => void flood(posted)
  world.say(modern(1))
  let before = -1
  // The gateway has stopped when it waits to write and nothing moved between two looks.
  await until('the gateway to be held back', async () => {
    const still = full && sent === before
    before = sent
    await new Promise((resolve) => setTimeout(resolve, 100))
    return still && full && sent === before
  })
  assert.ok(sent < total, `${sent} of ${total}`)
  assert.equal(chunks.length, 1)
  open = true
  release?.()
  await until('everything', () => chunks.length === total + 1)
  const order = chunks
    .slice(0, -1)
    .map((chunk) => (JSON.parse(chunk.toString()) as { params: { n: number } }).params.n)
  assert.deepEqual(
    order,
    Array.from({ length: total }, (_, n) => n),
  )
})

test('without an identity every request is told why, and the next one tries again', async (t) => {
  const world = await bridged(t)
  world.script = echo
  world.refuseEnrolment = new Fault('api.role', { status: 403, next: 'ask somebody' }, 'not you')
  world.say(modern(1))
  const [line] = await world.lines(1)
  assert.equal(line?.error?.data.code, 'api.role')
  assert.equal(line?.error?.data.next, 'ask somebody')
  world.refuseEnrolment = undefined
  world.say(modern(2))
  assert.equal((await world.lines(2))[1]?.result?.['was'], 2)
})

test('when the lines end, requests under way are answered, and then the instance says goodbye', async (t) => {
  const world = await bridged(t)
  let finish = (): void => undefined
  world.script = (posted) => void (finish = () => echo(posted))
  world.say(modern(1))
  await until('the request', () => world.posts.length === 1)
  world.stdin.end()
  await turn()
  finish()
  await world.ended
  assert.equal((await world.lines(1))[0]?.result?.['was'], 1)
  assert.deepEqual(world.district.identities.list(), [])
  assert.equal(world.district.audit.last('instance.ended').body['state'], 'ended')
})

test('an interrupt ends requests and the instance at once', async (t) => {
  const world = await bridged(t)
  let closed = false
  world.script = ({ response }) => void response.on('close', () => (closed = true))
  world.say(modern(1))
  await until('the request', () => world.posts.length === 1)
  world.interrupt.abort()
  await world.ended
  await until('the connection to close', () => closed)
  assert.deepEqual(world.written, [])
  assert.deepEqual(world.district.identities.list(), [])
})

test('a client that left ends the bridge', async (t) => {
  const output = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) })
  const world = await bridged(t, { output })
  world.script = echo
  world.say(modern(1))
  await world.ended
  assert.deepEqual(world.district.identities.list(), [])
})
