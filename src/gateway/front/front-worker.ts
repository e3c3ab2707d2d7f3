// Holds a front: a thread that does the TLS of connections and passes their bytes to the owner, who decides.

import { connect, type AddressInfo, type Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { parentPort, workerData } from 'node:worker_threads'
import { seen } from './peer.ts'
import { prelude, READY } from './prelude.ts'
import type { FrontData, FrontOrder, FrontReport } from './front-wire.ts'

/** How long the owner may take to take a connection up (ms): beyond, the client had better try again. */
const OWNER_MS = 10_000

const { host, port, path, secret, credential, handshakeMs, maxConnections } =
  workerData as FrontData
const owner = parentPort
if (owner === null) throw new Error('a front runs on a thread of its own')

const open = new Set<Socket>()
const server = createServer({
  ...credential,
  requestCert: true,
  // A client without a good certificate is told why in words, not by a broken handshake; it gets no further.
  rejectUnauthorized: false,
  handshakeTimeout: handshakeMs,
})
server.maxConnections = maxConnections
server.on('tlsClientError', () => report({ kind: 'broken' }))
server.on('secureConnection', (socket) => passOn(socket))

function report(what: FrontReport): void {
  owner?.postMessage(what)
}

/** Opens a way to the owner, says who is there, and lets bytes through once that was taken. Either end closes the other. */
function passOn(client: TLSSocket): void {
  client.setNoDelay(true)
  const inner = connect(path)
  open.add(client).add(inner)
  const end = (): void => {
    open.delete(client)
    open.delete(inner)
    client.destroy()
    inner.destroy()
  }
  client.on('error', end).on('close', end)
  inner.on('error', end).on('close', end)
  inner.setTimeout(OWNER_MS, end)
  inner.once('connect', () => inner.write(prelude(secret, seen(client))))
  inner.once('data', (answer) => {
    if (answer.length !== 1 || answer[0] !== READY) return end()
    inner.setTimeout(0)
    client.pipe(inner)
    inner.pipe(client)
  })
}

owner.on('message', (order: FrontOrder) => {
  if (order.kind === 'certify') return server.setSecureContext(order.credential)
  server.close(() => owner.close())
  for (const socket of open) socket.destroy()
})

server.on('error', (error) => report({ kind: 'failed', reason: String(error) }))
// Every front listens on the same address; the kernel deals connections out among them.
server.listen({ host, port, reusePort: true }, () =>
  report({ kind: 'listening', port: (server.address() as AddressInfo).port }),
)
