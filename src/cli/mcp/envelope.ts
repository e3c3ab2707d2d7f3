// Holds reading a client's line and the HTTP headers that its message needs (MCP 2026-07-28, Streamable HTTP; SEP-2243).

import { publicFault } from '../../std/fault.ts'
import { isObject, parseJson, REQUEST_LIMITS, type Json } from '../../std/json.ts'
import {
  META,
  metaOf,
  MODERN_ERA,
  RPC,
  rpcMessage,
  type RpcId,
  type RpcMessage,
} from '../../wire/mcp.ts'
import { rpcErrorLine } from './answer.ts'
import { fault } from './faults.ts'
import { LINE_LIMIT } from './lines.ts'

/** Bytes of one message that the gateway takes. */
export const MESSAGE_LIMIT = 1_048_576

/** What a line is: a message to forward, or the line that answers it at once. */
export type Reading =
  { readonly message: RpcMessage; readonly body: Uint8Array } | { readonly answer: string }

/** The id in a text that strict reading refuses; only ever given back, so that its sender need not wait for ever. */
function salvagedId(body: Uint8Array): RpcId | null {
  let tree: unknown
  try {
    tree = JSON.parse(new TextDecoder().decode(body))
  } catch {
    // No JSON at all: nobody can tell which request it was.
    return null
  }
  const id = typeof tree === 'object' && tree !== null && 'id' in tree ? tree.id : undefined
  return typeof id === 'string' || (typeof id === 'number' && Number.isSafeInteger(id)) ? id : null
}

/** Reads one line. Never throws. */
export function readLine(body: Uint8Array): Reading {
  let tree: Json
  try {
    tree = parseJson(body, { ...REQUEST_LIMITS, bytes: LINE_LIMIT })
  } catch (error) {
    return { answer: rpcErrorLine(salvagedId(body), publicFault(error), RPC.parse) }
  }
  const message = rpcMessage(tree)
  if (message === undefined) {
    const what = Array.isArray(tree) ? 'batches are not taken' : 'this is no JSON-RPC 2.0 message'
    const given = isObject(tree) ? tree['id'] : undefined
    const id = typeof given === 'string' || typeof given === 'number' ? given : null
    return { answer: rpcErrorLine(id, fault('bridge.message', what), RPC.invalidRequest) }
  }
  if (body.length > MESSAGE_LIMIT && message.kind === 'request') {
    const why = fault('bridge.too_long', `the message has ${body.length} bytes`)
    return { answer: rpcErrorLine(message.id, why, RPC.invalidRequest) }
  }
  return { message, body }
}

/** Methods whose name the `Mcp-Name` header repeats. */
const NAMED: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
}

/** A header value: as it is where HTTP can carry it, else wrapped in base64 (SEP-2243). */
function headerValue(text: string): string {
  const plain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text)
  if (plain && !text.startsWith('=?base64?')) return text
  return `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`
}

/** The revision that a message itself names; undefined for a client with a handshake. */
export function envelopeVersion(message: RpcMessage): string | undefined {
  if (message.kind !== 'request' && message.kind !== 'notification') return undefined
  const claim = metaOf(message.params)[META.version]
  return typeof claim === 'string' ? claim : undefined
}

/** The headers of a message; `negotiated` is what `initialize` agreed on. */
export function headersOf(
  message: Extract<RpcMessage, { kind: 'request' | 'notification' }>,
  negotiated: string | undefined,
): Record<string, string> {
  const claimed = envelopeVersion(message)
  const version = claimed ?? (message.method === 'initialize' ? undefined : negotiated)
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  }
  if (version !== undefined) headers['mcp-protocol-version'] = headerValue(version)
  if (claimed === undefined) return headers
  headers['mcp-method'] = headerValue(message.method)
  const field = Object.hasOwn(NAMED, message.method) ? NAMED[message.method]! : undefined
  const name = field === undefined ? undefined : message.params[field]
  if (typeof name === 'string') headers['mcp-name'] = headerValue(name)
  return headers
}

/** The header by which a request names its task; none where there is none to name. */
export function taskHeader(task: string | undefined): Record<string, string> {
  return task === undefined ? {} : { 'bailiwick-task': task }
}

/** True for a message of a revision without a handshake: leaving cancels it. */
export function isModern(message: RpcMessage): boolean {
  const version = envelopeVersion(message)
  return version !== undefined && version >= MODERN_ERA
}
