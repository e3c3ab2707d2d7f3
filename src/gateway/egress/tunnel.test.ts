// Holds tests of tunnels: what is carried, what is counted, what cuts them, and whose TLS is let on.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { Fault } from '../../std/fault.ts'
import { CallControl, CallEnd, type Call } from '../call.ts'
import { TUNNEL_BOUNDS, TunnelOperation, type TunnelBounds } from './tunnel.ts'

/** A server that gives back what it gets; the connections that it has had. */
async function echo(t: TestContext): Promise<{ port: number; sockets: Socket[] }> {
  const sockets: Socket[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  return { port: await listening(t, server), sockets }
}

async function listening(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return address.port
}

/** A client and the gateway's end of its connection. */
async function pair(t: TestContext): Promise<{ client: Socket; inner: Socket }> {
  const server = createServer({ allowHalfOpen: true })
  const port = await listening(t, server)
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  client.on('error', () => undefined)
  t.after(() => client.destroy())
  const [inner] = (await once(server, 'connection')) as [Socket]
  return { client, inner }
}

async function tunnel(t: TestContext, port: number, bounds: Partial<TunnelBounds> = {}) {
  const { client, inner } = await pair(t)
  const control = new CallControl()
  const operation = new TunnelOperation(
    inner,
    { host: 'example.com', port: 443 },
    {
      network: {
        connect: async () => {
          const socket = connect(port, '127.0.0.1')
          await once(socket, 'connect')
          return socket
        },
      },
      clock: { monotonic: () => performance.now() },
      bounds: { ...TUNNEL_BOUNDS, ...bounds },
    },
  )
  const call = { request: { control } } as unknown as Call
  await operation.ready(call)
  const sent = operation.send(call, {
    signal: control.signal,
    mayPass: () => true,
    traceparent: '',
    tracestate: '',
    timeoutMs: 1,
  })
  // Whoever looks at the outcome does so later.
  sent.catch(() => undefined)
  const [said] = (await once(client, 'data')) as [Buffer]
  assert.match(said.toString('latin1'), /^HTTP\/1\.1 200 /)
  const rest = said.toString('latin1').split('\r\n\r\n')[1] ?? ''
  return { client, control, operation, sent, rest }
}

async function all(client: Socket): Promise<string> {
  let text = ''
  for await (const chunk of client) text += (chunk as Buffer).toString('latin1')
  return text
}

test('bytes are carried both ways to the end, and counted', async (t) => {
  const { port } = await echo(t)
  const { client, operation, sent } = await tunnel(t, port)
  client.end('x'.repeat(200_000))
  assert.equal((await all(client)).length, 200_000)
  const carried = await sent
  assert.deepEqual([carried.up, carried.down], [200_000, 200_000])
  const { facts } = operation.inspect(carried)
  assert.equal(facts['host'], 'example.com')
  assert.equal(facts['bytes_down'], 200_000)
})

test('INV-5 what ends the call cuts the tunnel at both ends, and what it carried is known', async (t) => {
  const { port, sockets } = await echo(t)
  const { client, control, operation, sent } = await tunnel(t, port)
  client.write('hello')
  await once(client, 'data')
  const gone = Promise.all([once(client, 'end'), once(sockets[0]!, 'close')])
  control.end(new CallEnd('call.cut', 'locked'))
  await assert.rejects(sent, (error) => error instanceof CallEnd && error.code === 'call.cut')
  client.resume()
  await gone
  assert.equal(operation.passed().facts['bytes_up'], 5)
})

test('a tunnel carries no more than it may', async (t) => {
  const { port } = await echo(t)
  const { client, sent } = await tunnel(t, port, { bytes: 1_000 })
  client.resume()
  client.write('x'.repeat(2_000))
  await assert.rejects(sent, (error) => error instanceof Fault && error.code === 'egress.bounds')
})

test('a tunnel that is silent, and one that stands too long, are ended', async (t) => {
  const { port } = await echo(t)
  for (const bounds of [{ idleMs: 20 }, { ms: 20 }]) {
    const { client, sent } = await tunnel(t, port, bounds)
    client.resume()
    await assert.rejects(sent, (error) => error instanceof Fault && error.code === 'egress.bounds')
  }
})

test('a client whose TLS asks for another server than it named gets no byte through', async (t) => {
  const { port, sockets } = await echo(t)
  const { client, sent } = await tunnel(t, port)
  let arrived = 0
  sockets[0]!.on('data', (chunk: Buffer) => (arrived += chunk.length))
  connectTls({ socket: client, servername: 'other.example' }).on('error', () => undefined)
  await assert.rejects(
    sent,
    (error) => error instanceof Fault && error.code === 'egress.server_name',
  )
  assert.equal(arrived, 0)
})

test('a client whose TLS asks for the host that it named is let on', async (t) => {
  const { port, sockets } = await echo(t)
  const { client, control } = await tunnel(t, port)
  connectTls({ socket: client, servername: 'Example.com' }).on('error', () => undefined)
  const [hello] = (await once(sockets[0]!, 'data')) as [Buffer]
  assert.equal(hello[0], 22)
  control.end(new CallEnd('call.cancelled', 'over'))
})

test('a server that speaks first is heard before its client says anything', async (t) => {
  const server = createServer((socket) => socket.write('220 ready\r\n'))
  const { client, control, rest } = await tunnel(t, await listening(t, server))
  let said = rest
  while (!said.includes('\n')) said += String((await once(client, 'data'))[0])
  assert.equal(said, '220 ready\r\n')
  control.end(new CallEnd('call.cancelled', 'over'))
})
