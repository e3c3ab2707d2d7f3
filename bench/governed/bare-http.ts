// Holds what nginx stands in front of: a bare `node:http` server that answers every request with the same 500 bytes.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serveOrders } from '../child.ts'
import { FIRST_ID, RECORD_TEXT } from './tools.ts'

const BODY = Buffer.from(
  JSON.stringify({
    jsonrpc: '2.0',
    id: FIRST_ID,
    result: { content: [{ type: 'text', text: RECORD_TEXT }] },
  }),
)
const HEAD = { 'content-type': 'application/json', 'content-length': BODY.length }

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  request.on('data', () => undefined)
  request.on('end', () => {
    response.writeHead(200, HEAD)
    response.end(BODY)
  })
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
