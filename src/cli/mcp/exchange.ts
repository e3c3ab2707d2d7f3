// Holds one POST to the gateway and the messages that come back: one JSON document, or a stream of events.

import { request, type Dispatcher } from 'undici'
import { Fault } from '../../std/fault.ts'
import { isObject, parseJson, RESPONSE_LIMITS, type Json, type JsonObject } from '../../std/json.ts'
import { utf8 } from '../../std/bytes.ts'
import { EventTooLarge, serverEvents } from '../control/events.ts'
import { fault } from './faults.ts'

/** What is sent, and over which connections. */
export interface Post {
  readonly url: string
  readonly dispatcher: Dispatcher
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly signal: AbortSignal
}

/** A message of the answer, with the status of the answer. */
export interface Arrival {
  readonly status: number
  readonly tree: JsonObject
}

/** Errors that come before a byte of the request was sent. */
const UNSENT: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
])

function faultOf(error: unknown, answered: boolean): Fault {
  if (error instanceof Fault) return error
  if (error instanceof EventTooLarge) return fault('bridge.answer', error.message, error)
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const handshake = error instanceof Error && error.message.includes('before secure TLS connection')
  if (!answered && (UNSENT.has(code) || handshake)) {
    return fault('bridge.unreachable', 'the gateway cannot be reached', error)
  }
  return fault('bridge.lost', 'the connection to the gateway broke before the answer', error)
}

function parse(bytes: Uint8Array): JsonObject {
  let tree: Json
  try {
    tree = parseJson(bytes, RESPONSE_LIMITS)
  } catch (cause) {
    throw fault('bridge.answer', 'the gateway answered what is no JSON', cause)
  }
  if (!isObject(tree)) throw fault('bridge.answer', 'the gateway answered no JSON object')
  return tree
}

/** A refusal of the HTTP surface (RFC 9457) as the fault that it names. */
function problem(status: number, tree: JsonObject): Fault {
  const { code, detail, next } = tree
  if (typeof code !== 'string' || typeof detail !== 'string' || typeof next !== 'string') {
    return fault('bridge.answer', `the gateway answered with status ${status}`)
  }
  return new Fault(code, { status, next }, detail)
}

async function whole(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > RESPONSE_LIMITS.bytes) throw fault('bridge.answer', 'the answer is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/**
 * Sends a message and yields what comes back, no faster than it is taken. Throws `bridge.unreachable` where nothing was sent,
 * `bridge.lost` where nobody knows, `bridge.answer`, or the fault that the gateway's HTTP surface names. Aborting ends the
 * connection, and throws whatever; ask the signal first.
 */
export async function* exchange(post: Post): AsyncGenerator<Arrival> {
  let answered = false
  try {
    const response = await request(post.url, {
      dispatcher: post.dispatcher,
      method: 'POST',
      headers: { ...post.headers },
      body: post.body,
      signal: post.signal,
      // A call may take long, and a held one says nothing for a while: its caller decides when it is too long.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    answered = true
    const { statusCode: status, body } = response
    const type = mediaType(response.headers['content-type'])
    if (type === 'text/event-stream') {
      for await (const event of serverEvents(body)) yield { status, tree: parse(utf8(event.data)) }
      return
    }
    const bytes = await whole(body)
    if (status === 202 || status === 204) return
    const tree = parse(bytes)
    if (tree['jsonrpc'] !== '2.0') throw problem(status, tree)
    yield { status, tree }
  } catch (error) {
    throw faultOf(error, answered)
  }
}

function mediaType(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header[0] : header
  return text?.split(';', 1)[0]?.trim().toLowerCase()
}
