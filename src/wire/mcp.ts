// Holds the few words of the Model Context Protocol that both of its eras and all of our folders share.

import { isObject, type Json, type JsonObject } from '../std/json.ts'
import type { McpEra } from './system.ts'

/** The revision whose requests carry everything in `_meta`: no handshake, no session. */
export const MODERN_ERA: McpEra = '2026-07-28'
/** The newest revision with an `initialize` handshake. */
export const LEGACY_ERA: McpEra = '2025-11-25'
/** Older revisions whose `tools` a client may still ask for; they differ in nothing that we use. */
export const LEGACY_VERSIONS = [LEGACY_ERA, '2025-06-18', '2025-03-26'] as const

/** `_meta` keys of 2026-07-28 (specification, "Per-request metadata"). */
export const META = {
  version: 'io.modelcontextprotocol/protocolVersion',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  logLevel: 'io.modelcontextprotocol/logLevel',
  /** Ours, in every era: the task that a request is for. */
  task: 'dev.bailiwick/task',
  /** Ours: what set the call off, and the model that asked for it, as the client says. */
  trigger: 'dev.bailiwick/trigger',
  model: 'dev.bailiwick/model',
  /** Ours: `true` asks for the signed receipt of the call's intent, which then stands in the result under the same key. */
  receipt: 'dev.bailiwick/receipt',
} as const

/** JSON-RPC and MCP error numbers that we answer with. -32000 to -32019 are an implementation's own. */
export const RPC = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** Ours: refused by policy, lock or person. */
  denied: -32010,
  /** Ours: held at a gate; ask again. */
  pending: -32011,
  /** Ours: the system behind failed. */
  upstream: -32012,
  /** Ours: not done, because it could not be recorded or there is no room. */
  unavailable: -32013,
  headerMismatch: -32020,
  unsupportedVersion: -32022,
  urlElicitationRequired: -32042,
} as const

/** A JSON-RPC id as MCP allows it. */
export type RpcId = string | number

/** A JSON-RPC error object. */
export interface RpcError {
  readonly code: number
  readonly message: string
  readonly data?: Json
}

/** One JSON-RPC message, told apart by what it holds. */
export type RpcMessage =
  | {
      readonly kind: 'request'
      readonly id: RpcId
      readonly method: string
      readonly params: JsonObject
    }
  | { readonly kind: 'notification'; readonly method: string; readonly params: JsonObject }
  | { readonly kind: 'result'; readonly id: RpcId; readonly result: JsonObject }
  | { readonly kind: 'error'; readonly id: RpcId | null; readonly error: RpcError }

/** An empty object without a prototype, as the reader makes them. */
export function emptyObject(): JsonObject {
  return Object.create(null) as JsonObject
}

function isId(value: Json | undefined): value is RpcId {
  return typeof value === 'string' || (typeof value === 'number' && Number.isSafeInteger(value))
}

function errorOf(value: JsonObject): RpcError | undefined {
  const { code, message, data } = value
  if (typeof code !== 'number' || typeof message !== 'string') return undefined
  return { code, message, ...(data !== undefined && { data }) }
}

/** Tells what kind of JSON-RPC 2.0 message a tree is; undefined when it is none. */
export function rpcMessage(tree: Json): RpcMessage | undefined {
  if (!isObject(tree) || tree['jsonrpc'] !== '2.0') return undefined
  const { id, method, params, result, error } = tree
  if (method !== undefined) {
    if (typeof method !== 'string' || result !== undefined || error !== undefined) return undefined
    if (params !== undefined && !isObject(params)) return undefined
    const given = params ?? emptyObject()
    if (id === undefined) return { kind: 'notification', method, params: given }
    return isId(id) ? { kind: 'request', id, method, params: given } : undefined
  }
  if (error !== undefined) {
    const parsed = isObject(error) && result === undefined ? errorOf(error) : undefined
    if (parsed === undefined || (!isId(id) && id !== null && id !== undefined)) return undefined
    return { kind: 'error', id: id ?? null, error: parsed }
  }
  return isId(id) && isObject(result) ? { kind: 'result', id, result } : undefined
}

/** The `_meta` of some params, empty when there is none. */
export function metaOf(params: JsonObject): JsonObject {
  const meta = params['_meta']
  return isObject(meta) ? meta : emptyObject()
}
