// Holds the door of a district: what its agent says on the socket goes to the gateway under the identity that only we hold.

import { createServer, STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { publicFault } from '../../std/fault.ts'
import { taskHeader } from '../mcp/envelope.ts'
import { fault as bridgeFault } from '../mcp/faults.ts'
import type { Enrolled } from '../enrolment.ts'

/** Connections of the agent at once. */
const MAX_CONNECTIONS = 512

/** Words of an identity: to the gateway there is one, and it is ours. What a request to the web says of itself is its own. */
const IDENTITY: ReadonlySet<string> = new Set(['authorization', 'dpop'])

/** What lies between two neighbours and is not passed on, and the task, which we name. */
const DROPPED: ReadonlySet<string> = new Set([
  'bailiwick-task',
  'connection',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** A door that is open. */
export interface Door {
  close(): void
}

/** Opens the door at a path in a folder that only this account can enter. Resolves when it listens. */
export async function openDoor(path: string, enrolled: Enrolled): Promise<Door> {
  const server = createServer({ requestTimeout: 0, headersTimeout: 10_000 })
  server.maxConnections = MAX_CONNECTIONS
  server.on('request', (request, response) => {
    forward(enrolled, request, response).catch((error: unknown) => told(response, error))
  })
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    tunnel(enrolled, request, client, head).catch((error: unknown) => {
      const { code, detail } = unreached(error)
      client.end(`HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\n\r\n${code}: ${detail}\n`)
    })
  })
  server.on('clientError', (_error, client) => client.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  return {
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** One request: to the gateway itself, or to the web by way of it. */
async function forward(
  { gateway, holder, task }: Enrolled,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const left = new AbortController()
  response.on('close', () => left.abort())
  const { method = 'GET', url = '/', headers } = request
  const body = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
  const answer = await holder.dispatcher().request({
    origin: gateway,
    path: url,
    method: method as 'GET',
    headers: [...passed(request), ...Object.entries(taskHeader(task)).flat()],
    body: body ? request : null,
    signal: left.signal,
    // A call may be held, and a stream may be silent: its caller decides when it is too long.
    headersTimeout: 0,
    bodyTimeout: 0,
    responseHeaders: 'raw',
  })
  const raw = answer.headers as unknown as readonly (string | Buffer)[]
  response.writeHead(answer.statusCode, rawHeaders(raw))
  response.flushHeaders()
  await pipeline(answer.body, response)
}

/** A tunnel: the gateway answers, and from then on it is the two ends that speak. */
async function tunnel(
  { gateway, holder, task }: Enrolled,
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
): Promise<void> {
  const left = new AbortController()
  const leave = (): void => left.abort()
  client.on('close', leave)
  client.on('error', leave)
  const answer = await holder.dispatcher().connect({
    origin: gateway,
    path: request.url ?? '',
    headers: taskHeader(task),
    signal: left.signal,
  })
  const { socket, statusCode, headers } = answer
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? '']).map((one) => `${name}: ${one}`),
  )
  const first = `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode] ?? 'Refused'}`
  client.write(`${[first, ...lines].join('\r\n')}\r\n\r\n`)
  if (head.length > 0) socket.write(head)
  client.off('close', leave)
  carry(client, socket)
  carry(socket, client)
}

/** What one says to its end still reaches the other; what breaks takes the other with it. */
function carry(from: Duplex, to: Duplex): void {
  from.on('error', () => to.destroy())
  from.on('close', () => {
    if (!from.readableEnded || to.writableFinished) to.destroy()
    else to.once('finish', () => to.destroy())
  })
  from.pipe(to)
}

function passed({ rawHeaders: raw, headers, url = '/' }: IncomingMessage): string[] {
  const ours = url.startsWith('/')
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase())
  const out: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase()
    if (DROPPED.has(name) || named.includes(name) || (ours && IDENTITY.has(name))) continue
    out.push(name, raw[at + 1]!)
  }
  return out
}

function rawHeaders(raw: readonly (string | Buffer)[]): string[] {
  const out: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = textOf(raw[at]!).toLowerCase()
    if (name === 'connection' || name === 'keep-alive' || name === 'transfer-encoding') continue
    out.push(name, textOf(raw[at + 1]!))
  }
  return out
}

function textOf(part: string | Buffer): string {
  return typeof part === 'string' ? part : part.toString('latin1')
}

function unreached(error: unknown) {
  const known = publicFault(error)
  if (known.code !== 'internal') return known
  return bridgeFault('bridge.unreachable', 'the gateway cannot be reached', error)
}

function told(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const { code, detail, next } = publicFault(unreached(error))
  const body = JSON.stringify({ type: 'about:blank', title: code, status: 503, code, detail, next })
  response.writeHead(503, { 'content-type': 'application/problem+json', connection: 'close' })
  response.end(body)
}
