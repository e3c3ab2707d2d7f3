// Holds the tests of the guarded network: where it connects, and where it never does.

import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcp, type AddressInfo, type Server } from 'node:net'
import { test } from 'node:test'
import { Fault } from '../../std/fault.ts'
import { systemTimer, type Timer } from '../../std/timer.ts'
import { guardedFetch } from './fetch.ts'
import { nothingSent } from './faults.ts'
import { Network } from './network.ts'
import type { Address, Resolve } from './reach.ts'
import { headerOf, readBounded } from './read.ts'

const PRIVATE = { private: true }

async function serving(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<AsyncDisposable & { readonly port: number; readonly asked: () => number }> {
  let asked = 0
  const server = createServer((request, response) => {
    asked += 1
    answer(request, response)
  })
  await listening(server)
  return {
    port: (server.address() as AddressInfo).port,
    asked: () => asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
}

/** Answers each look-up with the next of the lists, and with the last from then on. */
function resolving(...lists: readonly string[][]): Resolve & { count: number } {
  const resolve = (): Promise<readonly Address[]> => {
    const list = lists[Math.min(found.count, lists.length - 1)] ?? []
    found.count += 1
    return Promise.resolve(
      list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  const found: Resolve & { count: number } = Object.assign(resolve, { count: 0 })
  return found
}

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof Fault && error.code === expected
}

test('addresses that are not of the public internet are refused, as they are written and as names lead to them', async () => {
  for (const host of [
    '127.0.0.1',
    '[::1]',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.0.1',
    '100.64.0.1',
    '169.254.1.1',
    '[fc00::1]',
    '[fe80::1]',
    '[::ffff:127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '224.0.0.1',
    '0.1.2.3',
    '2130706433',
    '0x7f.1',
    '017700000001',
  ]) {
    const network = new Network()
    assert.throws(() => network.dial(`https://${host}/`, { reach: {} }), code('net.address'), host)
  }
  for (const address of ['127.0.0.1', '::1', '10.1.2.3', '::ffff:10.1.2.3', 'fd00::1']) {
    const network = new Network({ resolve: resolving([address]) })
    const asked = network
      .dial('https://inside.example/', { reach: {} })
      .request({ method: 'GET', path: '/' })
    await assert.rejects(asked, code('net.address'), address)
  }
})

test('where machines are told their credentials, nobody is let in, whatever the settings', async () => {
  const reach = { private: true, clearText: true }
  for (const host of ['169.254.169.254', '[fd00:ec2::254]', '169.254.170.2', '100.100.100.200']) {
    assert.throws(
      () => new Network().dial(`http://${host}/`, { reach }),
      code('net.metadata'),
      host,
    )
  }
  for (const wrapped of [
    '[::ffff:169.254.169.254]',
    '[64:ff9b::a9fe:a9fe]',
    '[2002:a9fe:a9fe::]',
  ]) {
    assert.throws(() => new Network().dial(`http://${wrapped}/`, { reach }), code('net.address'))
  }
  const network = new Network({ resolve: resolving(['169.254.169.254']) })
  const asked = network.dial('http://metadata.google.internal/', { reach })
  await assert.rejects(asked.request({ method: 'GET', path: '/' }), code('net.metadata'))
})

test('one private address among public ones refuses them all', async () => {
  const network = new Network({ resolve: resolving(['93.184.216.34', '10.0.0.5']) })
  const dial = network.dial('https://mixed.example/', { reach: {} })
  await assert.rejects(dial.request({ method: 'GET', path: '/' }), code('net.address'))
})

test('a name that leads elsewhere a moment later is judged anew with each connection, and looked up once for it', async () => {
  await using server = await serving((_request, response) => {
    response.setHeader('connection', 'close')
    response.end('ok')
  })
  const resolve = resolving(['127.0.0.1'], ['169.254.169.254'])
  const network = new Network({ resolve })
  const dial = network.dial(`http://rebinding.example:${server.port}/`, { reach: PRIVATE })
  const answer = await dial.request({ method: 'GET', path: '/' })
  assert.equal(Buffer.from(await readBounded(answer.body, 10)).toString(), 'ok')
  assert.equal(resolve.count, 1, 'what was judged is what was connected to')
  await assert.rejects(dial.request({ method: 'GET', path: '/' }), code('net.metadata'))
  assert.equal(resolve.count, 2)
  assert.equal(server.asked(), 1)
  await network.close()
})

test('without TLS nothing goes beyond this machine unless a person said so', async () => {
  const network = new Network({ resolve: resolving(['93.184.216.34']) })
  assert.throws(() => network.dial('http://93.184.216.34/', { reach: {} }), code('net.clear_text'))
  assert.throws(() => network.dial('http://10.0.0.1/', { reach: PRIVATE }), code('net.clear_text'))
  const named = network.dial('http://clear.example/', { reach: PRIVATE })
  await assert.rejects(named.request({ method: 'GET', path: '/' }), code('net.clear_text'))
  network.dial('http://93.184.216.34/', { reach: { clearText: true } })
  network.dial('https://93.184.216.34/', { reach: {} })
})

test('what is no address of a system is refused', () => {
  for (const url of [
    'ftp://a.example/',
    'file:///etc/passwd',
    'https://u:p@a.example/',
    'https://a.example/#x',
    'no',
    '//a',
  ]) {
    assert.throws(() => new Network().dial(url, { reach: PRIVATE }), code('net.url'), url)
  }
})

test('a request cannot frame itself, nor hold what no header can', async () => {
  await using server = await serving((_request, response) => response.end())
  const dial = new Network().dial(`http://127.0.0.1:${server.port}/`, { reach: PRIVATE })
  for (const headers of [
    { host: 'evil.example' },
    { 'transfer-encoding': 'chunked' },
    { connection: 'x' },
    { expect: '100-continue' },
    { 'X-Upper': 'a' },
    { 'x-a': 'b\r\nc: d' },
    { 'x-a': 'b\0' },
    { 'x-a': 'caf\u00e9' },
    { 'x a': 'b' },
    { 'x-a': ['b', 'c\n'] },
  ]) {
    await assert.rejects(dial.request({ method: 'GET', path: '/', headers }), code('net.request'))
  }
  for (const path of ['x', '', '/a b', '/a\r\nX: y', '/\u00e9', '/a#b', 'http://evil.example/']) {
    await assert.rejects(dial.request({ method: 'GET', path }), code('net.request'), path)
  }
  for (const method of ['', 'GET /', 'CONNECT', 'G\nET']) {
    await assert.rejects(dial.request({ method, path: '/' }), code('net.request'), method)
  }
  assert.equal(server.asked(), 0)
})

test('no redirect is followed, and headers and status come as they are', async () => {
  await using server = await serving((_request, response) => {
    response.writeHead(302, { location: '/elsewhere', 'x-two': ['a', 'b'] })
    response.end('moved')
  })
  const network = new Network()
  const url = `http://127.0.0.1:${server.port}/here?x=1`
  const { bytes, headers, status } = await guardedFetch(network, url, {
    reach: PRIVATE,
    timer: systemTimer,
  })
  assert.deepEqual([status, Buffer.from(bytes).toString()], [302, 'moved'])
  assert.equal(headerOf(headers, 'location'), '/elsewhere')
  assert.deepEqual(headers['x-two'], ['a', 'b'])
  assert.equal(headerOf(headers, 'x-two'), undefined)
  assert.equal(server.asked(), 1)
  await network.close()
})

test('an exchange is bounded in bytes and in time, and ends with its signal', async () => {
  await using server = await serving((request, response) => {
    if (request.url === '/big') response.end(Buffer.alloc(5_000))
    else response.write('begun')
  })
  const network = new Network()
  const at = (path: string) => `http://127.0.0.1:${server.port}${path}`
  const big = guardedFetch(network, at('/big'), {
    reach: PRIVATE,
    timer: systemTimer,
    maxBytes: 4_999,
  })
  await assert.rejects(big, code('net.too_large'))
  let fire = (): void => undefined
  const timer: Timer = {
    after: (_ms, then) => {
      fire = then
      return () => undefined
    },
  }
  const slow = guardedFetch(network, at('/slow'), { reach: PRIVATE, timer })
  setTimeout(() => fire(), 50)
  await assert.rejects(slow, code('net.timeout'))
  const stop = new AbortController()
  const stopped = guardedFetch(network, at('/slow'), {
    reach: PRIVATE,
    timer: systemTimer,
    signal: stop.signal,
  })
  setTimeout(() => stop.abort(new Error('locked')), 50)
  await assert.rejects(stopped, /locked/)
  await network.close()
})

test('each way to fail has its code, and those by which nothing was sent say so', async () => {
  const closing = createTcp((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.destroy())
  })
  await listening(closing)
  const { port } = closing.address() as AddressInfo
  const network = new Network({ resolve: () => Promise.reject(new Error('ENOTFOUND')) })
  const get = (url: string) =>
    network.dial(url, { reach: PRIVATE }).request({ method: 'GET', path: '/' })
  await assert.rejects(get('http://nowhere.example/'), code('net.resolve'))
  await assert.rejects(get('http://127.0.0.1:1/'), code('net.connect'))
  await assert.rejects(get(`https://127.0.0.1:${port}/`), code('net.tls'))
  await assert.rejects(get(`http://127.0.0.1:${port}/`), code('net.closed'))
  assert.deepEqual(
    [
      'net.resolve',
      'net.connect',
      'net.tls',
      'net.address',
      'net.closed',
      'net.timeout',
      'other',
    ].map(nothingSent),
    [true, true, true, true, false, false, false],
  )
  await network.close()
  closing.close()
})

test('a bare connection goes to a judged address alone', async () => {
  const echo = createTcp((socket) => socket.pipe(socket))
  await listening(echo)
  const { port } = echo.address() as AddressInfo
  const { signal } = new AbortController()
  const network = new Network({ resolve: resolving(['127.0.0.1']) })
  await assert.rejects(
    network.connect({ host: 'a.example', port }, { reach: {}, signal }),
    code('net.address'),
  )
  const socket = await network.connect({ host: 'a.example', port }, { reach: PRIVATE, signal })
  assert.equal(socket.remoteAddress, '127.0.0.1')
  socket.destroy()
  await assert.rejects(
    network.connect({ host: '127.0.0.1', port: 1 }, { reach: PRIVATE, signal }),
    code('net.connect'),
  )
  const over = AbortSignal.abort(new Error('locked'))
  await assert.rejects(
    network.connect({ host: 'a.example', port }, { reach: PRIVATE, signal: over }),
    /locked/,
  )
  echo.close()
})
