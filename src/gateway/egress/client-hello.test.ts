// Holds tests of reading the first words of a TLS client, of our own TLS library and of whoever writes them by hand.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, connect as connectTcp } from 'node:net'
import { test } from 'node:test'
import { connect } from 'node:tls'
import fc from 'fast-check'
import { readHello } from './client-hello.ts'

/** What Node's TLS says first. */
async function helloFor(servername: string | undefined): Promise<Buffer> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const client = connect({
    socket: connectTcp(address.port, '127.0.0.1'),
    ...(servername !== undefined && { servername }),
  })
  client.on('error', () => undefined)
  const [socket] = (await once(server, 'connection')) as [import('node:net').Socket]
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  client.destroy()
  socket.destroy()
  server.close()
  return chunk
}

test('the server name of a real client is read, in small letters', async () => {
  assert.deepEqual(readHello(await helloFor('Example.COM')), { name: 'example.com' })
})

test('a client that names no server is TLS without a name', async () => {
  assert.deepEqual(readHello(await helloFor(undefined)), {})
})

test('whatever is missing of it is waited for, byte by byte', async () => {
  const hello = await helloFor('example.com')
  for (let size = 0; size < hello.length; size++) {
    assert.equal(readHello(hello.subarray(0, size)), 'more', String(size))
  }
})

test('a hello that is cut into several records is one hello', async () => {
  const hello = await helloFor('example.com')
  const body = hello.subarray(5)
  const record = (part: Uint8Array): Buffer =>
    Buffer.concat([Uint8Array.of(22, 3, 1, part.length >> 8, part.length & 255), part])
  const cut = Buffer.concat([
    record(body.subarray(0, 3)),
    record(body.subarray(3, 100)),
    record(body.subarray(100)),
  ])
  assert.deepEqual(readHello(cut), { name: 'example.com' })
})

test('what is no TLS is told from TLS that cannot be read', () => {
  assert.equal(readHello(Buffer.from('GET / HTTP/1.1\r\n')), 'other')
  assert.equal(readHello(Uint8Array.of(22, 9, 9, 0, 1, 1)), 'broken')
  assert.equal(readHello(Uint8Array.of(22, 3, 1, 0, 0)), 'broken')
  // Another handshake message than a ClientHello.
  assert.equal(readHello(Uint8Array.of(22, 3, 1, 0, 4, 2, 0, 0, 0)), 'broken')
})

test('two names are no name', () => {
  const name = (host: string): number[] => [0, 0, host.length, ...Buffer.from(host)]
  const names = [...name('a.example'), ...name('b.example')]
  const extension = [0, 0, 0, names.length + 2, 0, names.length, ...names]
  const hello = [
    3,
    3,
    ...Array<number>(32).fill(0),
    0,
    0,
    2,
    0x13,
    1,
    1,
    0,
    0,
    extension.length,
    ...extension,
  ]
  const message = [1, 0, 0, hello.length, ...hello]
  assert.equal(readHello(Uint8Array.of(22, 3, 1, 0, message.length, ...message)), 'broken')
})

test('nothing that a client says makes it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, tls) => {
      const said = tls
        ? Uint8Array.of(22, 3, 1, bytes.length >> 8, bytes.length & 255, ...bytes)
        : bytes
      assert.ok(readHello(said) !== undefined)
    }),
  )
})
