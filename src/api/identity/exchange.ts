// Holds reading a bounded JSON body and writing JSON and problems (RFC 9457): all that a route does with HTTP.

import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import { publicFault } from '../../std/fault.ts'
import { parseJson, REQUEST_LIMITS, stringifyJson, type Json } from '../../std/json.ts'
import { fault } from './faults.ts'

/** No body of this listener needs more than a few kilobytes. */
const MAX_BODY = 65_536

/** Reads a JSON body of at most 64 KB, strictly. */
export async function readBody(request: IncomingMessage): Promise<Json> {
  const type = request.headers['content-type'] ?? ''
  if (!/^application\/json\s*(?:;|$)/i.test(type)) {
    throw fault('identity.content_type', 'the body is not declared as application/json')
  }
  return parseJson(await readBytes(request, MAX_BODY), { ...REQUEST_LIMITS, bytes: MAX_BODY })
}

/** Reads a body of at most so many bytes. */
export async function readBytes(request: IncomingMessage, most: number): Promise<Buffer> {
  const tooLarge = () => fault('identity.body_size', 'the body is larger than 64 KB')
  if (Number(request.headers['content-length'] ?? 0) > most) throw tooLarge()
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > most) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Answers with JSON and a status, as a standard other than ours asks for it. */
export function sendJson(response: ServerResponse, status: number, value: Json): void {
  send(response, status, 'application/json', stringifyJson(value))
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  // A body that was not read to its end would be taken for the next request on this connection.
  if (!response.req.complete) response.setHeader('connection', 'close')
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': String(response.getHeader('cache-control') ?? 'no-store'),
    'x-content-type-options': 'nosniff',
  })
  response.end(body)
}

/** Answers with JSON; with 304 where the route has set an `etag` that the caller knows (RFC 9110 §13.1.2). */
export function answer(response: ServerResponse, value: Json): void {
  const tag = response.getHeader('etag')
  const known = response.req.headers['if-none-match']?.split(',').map((one) => one.trim()) ?? []
  if (typeof tag === 'string' && (known.includes(tag) || known.includes(`W/${tag}`))) {
    response.writeHead(304).end()
    return
  }
  send(response, 200, 'application/json', stringifyJson(value))
}

/** Answers with a problem of the error's code; whatever is not a fault of ours stays inside. */
export function refuse(response: ServerResponse, error: unknown): void {
  const { code, detail, next, status } = publicFault(error)
  const title = STATUS_CODES[status] ?? 'Error'
  const problem = { type: 'about:blank', title, status, code, detail, next }
  send(response, status, 'application/problem+json', stringifyJson(problem))
}

/** Answers with an error of OAuth (RFC 6749 §5.2). */
export function refuseWith(
  response: ServerResponse,
  {
    status,
    headers,
    body,
  }: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: Json
  },
): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  send(response, status, 'application/json', stringifyJson(body))
}
