// Holds a bare HTTP API: small answers, answers of a megabyte, and a stream, as fast as `node:http` gives them.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { serveOrders } from '../child.ts'

/** Bytes of the stream. */
export const STREAM_BYTES = 134_217_728

const SMALL = Buffer.from(JSON.stringify({ id: 17, state: 'open', text: 'x'.repeat(440) }))
const BIG = Buffer.from(JSON.stringify({ text: 'A line of a report. '.repeat(52_400) }))
const PIECE = Buffer.alloc(65_536, 0x61)

function* pieces(): Generator<Buffer> {
  for (let sent = 0; sent < STREAM_BYTES; sent += PIECE.length) yield PIECE
}

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  request.resume()
  const { url = '' } = request
  if (url.startsWith('/stream')) {
    response.writeHead(200, { 'content-type': 'application/octet-stream' })
    Readable.from(pieces()).pipe(response)
    return
  }
  const body = url.startsWith('/reports') ? BIG : SMALL
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
  response.end(body)
})

/** The one order: listen, and say where. */
async function listen(): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return (server.address() as AddressInfo).port
}

serveOrders(listen, () => server.closeAllConnections())
