// Holds the reading of one inbound MCP message: which era it is of, decided from the body and checked against the headers.

import type { IncomingHttpHeaders } from 'node:http'
import { publicFault } from '../../std/fault.ts'
import { isObject, parseJson, type Json } from '../../std/json.ts'
import {
  LEGACY_ERA,
  META,
  metaOf,
  MODERN_ERA,
  RPC,
  rpcMessage,
  type RpcId,
  type RpcMessage,
} from '../../wire/mcp.ts'
import type { McpEra } from '../../wire/system.ts'
import type { GatewayCode } from '../faults.ts'
import { headerText, oneHeader } from './header-text.ts'

/** A message that may be dispatched. */
export interface Inbound {
  readonly era: McpEra
  /** An answer is taken of a client with a session alone: nobody else was asked anything. */
  readonly message: RpcMessage
}

type Asking = Extract<RpcMessage, { kind: 'request' | 'notification' }>

/** Why a message is not dispatched: what the HTTP and the JSON-RPC answer say. */
export interface Rejection {
  readonly rejected: true
  readonly status: number
  readonly rpc: number
  readonly code: GatewayCode | `json.${string}`
  readonly detail: string
  readonly id: RpcId | null
  readonly data?: Json
}

/** Methods whose name the `Mcp-Name` header repeats (SEP-2243), as far as they are served here. */
const NAMED: Readonly<Record<string, string>> = {
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/cancel': 'taskId',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tools/call': 'name',
}

/** Reads a body and tells the era of its message, or why it is not taken. Never throws. */
export function readInbound(headers: IncomingHttpHeaders, body: Uint8Array): Inbound | Rejection {
  let tree: Json
  try {
    tree = parseJson(body)
  } catch (error) {
    const fault = publicFault(error)
    return reject(null, fault.status, RPC.parse, fault.code as `json.${string}`, fault.detail)
  }
  if (Array.isArray(tree)) {
    return reject(null, 400, RPC.invalidRequest, 'mcp.message', 'batches are not taken')
  }
  const message = rpcMessage(tree)
  const answer = message?.kind === 'result' || message?.kind === 'error'
  if (answer && headers['mcp-session-id'] !== undefined) return { era: LEGACY_ERA, message }
  if (message === undefined || message.kind === 'result' || message.kind === 'error') {
    const given = isObject(tree) ? tree['id'] : undefined
    const id = typeof given === 'string' || typeof given === 'number' ? given : null
    return reject(
      id,
      400,
      RPC.invalidRequest,
      'mcp.message',
      'neither a request nor a notification',
    )
  }
  return classify(headers, message)
}

function classify(headers: IncomingHttpHeaders, message: Asking): Inbound | Rejection {
  const id = message.kind === 'request' ? message.id : null
  const header = oneHeader(headers['mcp-protocol-version'])
  const claim = metaOf(message.params)[META.version]
  if (claim === undefined) return classifyLegacy(header, message, id)
  if (typeof claim !== 'string') {
    return reject(id, 400, RPC.invalidParams, 'mcp.envelope', `_meta: ${META.version} is no text`)
  }
  if (header !== undefined && header !== claim) {
    const detail = `the body names protocol version ${shown(claim)}, the header ${shown(header)}`
    return reject(id, 400, RPC.headerMismatch, 'mcp.headers', detail)
  }
  if (claim !== MODERN_ERA) {
    const detail = `protocol version ${shown(claim)} is not served with a per-request envelope`
    return reject(id, 400, RPC.unsupportedVersion, 'mcp.version', detail, {
      supported: [MODERN_ERA],
      requested: claim.slice(0, 64),
    })
  }
  if (message.kind === 'request') {
    if (!isObject(metaOf(message.params)[META.clientCapabilities])) {
      const detail = `_meta lacks ${META.clientCapabilities}`
      return reject(id, 400, RPC.invalidParams, 'mcp.envelope', detail)
    }
    const mismatch = headerMismatch(headers, header, message.method, message.params)
    if (mismatch !== undefined) return reject(id, 400, RPC.headerMismatch, 'mcp.headers', mismatch)
  }
  return { era: MODERN_ERA, message }
}

function classifyLegacy(
  header: string | undefined,
  message: Asking,
  id: RpcId | null,
): Inbound | Rejection {
  if (header === MODERN_ERA && message.kind === 'request') {
    if (message.method === 'initialize') {
      const detail = `initialize belongs to an older revision than the header's ${MODERN_ERA}`
      return reject(id, 400, RPC.headerMismatch, 'mcp.headers', detail)
    }
    const detail = `the header names ${MODERN_ERA}, but _meta lacks ${META.version}`
    return reject(id, 400, RPC.invalidParams, 'mcp.envelope', detail)
  }
  if (header !== undefined && !/^20\d\d-\d\d-\d\d$/.test(header)) {
    return reject(id, 400, RPC.invalidRequest, 'mcp.version', 'MCP-Protocol-Version is no revision')
  }
  return { era: header === MODERN_ERA ? MODERN_ERA : LEGACY_ERA, message }
}

/** The header rules of 2026-07-28 for requests: present, and saying what the body says. */
function headerMismatch(
  headers: IncomingHttpHeaders,
  version: string | undefined,
  method: string,
  params: Readonly<Record<string, Json>>,
): string | undefined {
  if (version === undefined) return 'the header MCP-Protocol-Version is missing'
  const named = oneHeader(headers['mcp-method'])
  if (named === undefined) return 'the header Mcp-Method is missing'
  if (named !== method) return `the body names method ${shown(method)}, Mcp-Method ${shown(named)}`
  const field = Object.hasOwn(NAMED, method) ? NAMED[method]! : undefined
  const value = field === undefined ? undefined : params[field]
  if (typeof value !== 'string') return undefined
  const given = oneHeader(headers['mcp-name'])
  if (given === undefined) return 'the header Mcp-Name is missing'
  if (headerText(given) !== value) return `the body names ${shown(value)}, Mcp-Name something else`
  return undefined
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 64))
}

function reject(
  id: RpcId | null,
  status: number,
  rpc: number,
  code: Rejection['code'],
  detail: string,
  data?: Json,
): Rejection {
  return { rejected: true, status, rpc, code, detail, id, ...(data !== undefined && { data }) }
}
