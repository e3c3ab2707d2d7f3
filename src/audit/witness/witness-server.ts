// Holds the witness's HTTP: `POST add-checkpoint` and the newest checkpoint of each log (C2SP tlog-witness).

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

import { publicFault } from '../../std/fault.ts'
import { witnessFault } from './faults.ts'
import { parseAddCheckpoint, REQUEST_MAX, SIZE_MEDIA } from './protocol.ts'
import { Conflict, type Witness } from './witness.ts'

const TEXT = 'text/plain; charset=utf-8'
const CHECKPOINT = /^\/([0-9a-f]{64})\/checkpoint$/

/** The server of one witness, not listening yet; told what nobody foresaw. */
export function witnessServer(witness: Witness, failed: (error: unknown) => void): Server {
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 15_000, keepAliveTimeout: 30_000 },
    (request, response) => {
      answer(witness, request, response).catch((error: unknown) => {
        if (!(error instanceof Conflict) && publicFault(error).status >= 500) failed(error)
        refuse(response, error)
      })
    },
  )
  server.maxConnections = 256
  server.maxHeadersCount = 64
  return server
}

async function answer(
  witness: Witness,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0] ?? ''
  if (path === '/add-checkpoint') {
    if (request.method !== 'POST') return method(response, 'POST')
    const line = witness.add(parseAddCheckpoint(await read(request)))
    response.writeHead(200, { 'content-type': TEXT }).end(line)
    return
  }
  const [, hash] = CHECKPOINT.exec(path) ?? []
  if (hash === undefined) return text(response, 404, 'not found\n')
  if (request.method !== 'GET' && request.method !== 'HEAD') return method(response, 'GET, HEAD')
  const note = witness.newest(hash)
  if (note === undefined) return text(response, 404, 'not found\n')
  response.writeHead(200, { 'content-type': TEXT, 'cache-control': 'no-cache' })
  response.end(request.method === 'HEAD' ? undefined : note)
}

async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request) {
    bytes += (part as Buffer).length
    if (bytes > REQUEST_MAX) throw witnessFault('witness.request', 'the request is too large')
    parts.push(part as Buffer)
  }
  return Buffer.concat(parts).toString('utf8')
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return
  if (error instanceof Conflict) {
    response.writeHead(409, { 'content-type': SIZE_MEDIA, connection: 'close' })
    response.end(`${error.size}\n`)
    return
  }
  const { status, code, detail } = publicFault(error)
  text(response, status, `${code}: ${detail}\n`)
}

function method(response: ServerResponse, allow: string): void {
  response.setHeader('allow', allow)
  text(response, 405, `this path takes ${allow}\n`)
}

function text(response: ServerResponse, status: number, body: string): void {
  // What is left of a request that was refused is nothing that a next one could begin in.
  response.writeHead(status, { 'content-type': TEXT, connection: 'close' }).end(body)
}
