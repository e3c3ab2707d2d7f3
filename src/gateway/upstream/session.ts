// Holds one conversation with an upstream over its standard streams, in whichever era it speaks.

import type { Fault } from '../../std/fault.ts'
import {
  asLine,
  isObject,
  parseJson,
  RESPONSE_LIMITS,
  stringifyJson,
  type JsonObject,
} from '../../std/json.ts'
import {
  emptyObject,
  LEGACY_ERA,
  META,
  MODERN_ERA,
  rpcMessage,
  type RpcError,
  type RpcMessage,
} from '../../wire/mcp.ts'
import type { ActionDefinition, McpEra } from '../../wire/system.ts'
import { gatewayFault } from '../faults.ts'
import { readTool } from './definition.ts'
import { LineReader } from './lines.ts'
import type { UpstreamProcess } from './process.ts'

/** Who we are to an upstream. */
const CLIENT_INFO: JsonObject = { name: 'bailiwick', version: '1' }
/** Bytes that may wait for an upstream that does not read. */
const BACKLOG_LIMIT = 16_777_216
/** Tools of one system, and pages of its list. */
const TOOLS_LIMIT = 1000
const PAGES_LIMIT = 100
/** How long an upstream may take to start, list and answer a probe (ms). */
const START_MS = 30_000
const PROBE_MS = 10_000

/** What an upstream said: its result, or its own JSON-RPC error, which is an answer as well. */
export type UpstreamAnswer =
  | { readonly kind: 'result'; readonly result: JsonObject }
  | { readonly kind: 'error'; readonly error: RpcError }

/** How a request is made. */
export interface RequestOptions {
  /** Its reason, a CallEnd or a Fault, ends the request; the upstream is told. */
  readonly signal?: AbortSignal
  readonly timeoutMs: number
  readonly onProgress?: ((params: JsonObject) => void) | undefined
  /** Trace context of ours that goes out in `_meta` (W3C Trace Context). */
  readonly traceparent?: string
}

interface Pending {
  settle(answer: UpstreamAnswer | { readonly kind: 'fault'; readonly fault: Fault }): void
  readonly onProgress: ((params: JsonObject) => void) | undefined
}

/** What the session tells its owner. */
export interface SessionEvents {
  /** A request that the upstream sent back: refused, because its principal is the system and nothing names it. */
  onForeignRequest(method: string): void
  /** It said something that cannot be read. */
  onGarbage(what: string): void
}

/** A conversation with one upstream process. Owned by the pool. */
export class UpstreamSession {
  readonly process: UpstreamProcess
  readonly #events: SessionEvents
  readonly #pending = new Map<number, Pending>()
  #next = 1
  #closed: Fault | undefined
  #era: McpEra = LEGACY_ERA
  #tools: Map<string, string> | undefined
  #server = { name: 'unknown', version: 'unknown' }
  #instructions: string | undefined

  constructor(process: UpstreamProcess, events: SessionEvents) {
    this.process = process
    this.#events = events
    const reader = new LineReader(
      RESPONSE_LIMITS.bytes,
      (line) => this.#onLine(line),
      () =>
        this.#fail(gatewayFault('upstream.bad_answer', 'the system sent a line over the limit')),
    )
    process.onOutput((chunk) => reader.push(chunk))
    void process.gone.then((how) => {
      this.#fail(gatewayFault('upstream.died', `the system's process is gone: ${how}`))
    })
  }

  get era(): McpEra {
    return this.#era
  }

  get server(): { readonly name: string; readonly version: string } {
    return this.#server
  }

  get instructions(): string | undefined {
    return this.#instructions
  }

  get closed(): boolean {
    return this.#closed !== undefined
  }

  /** Calls under way. */
  get busy(): number {
    return this.#pending.size
  }

  /** Opens the conversation: in the era given, or in the newest that the upstream answers to. */
  async open(era: McpEra | undefined): Promise<void> {
    if (era !== LEGACY_ERA && (await this.#discover(era === MODERN_ERA))) return
    const answer = await this.#ask('initialize', {
      protocolVersion: LEGACY_ERA,
      capabilities: emptyObject(),
      clientInfo: CLIENT_INFO,
    })
    this.#learn(answer['serverInfo'], answer['instructions'])
    this.#send({ jsonrpc: '2.0', method: 'notifications/initialized' })
  }

  async #discover(required: boolean): Promise<boolean> {
    this.#era = MODERN_ERA
    const answer = await this.request('server/discover', emptyObject(), {
      timeoutMs: PROBE_MS,
    }).catch((fault: unknown) => {
      if (required || this.closed) throw fault
      return undefined
    })
    if (answer?.kind === 'result') {
      const versions = answer.result['supportedVersions']
      if (Array.isArray(versions) && versions.includes(MODERN_ERA)) {
        const meta = answer.result['_meta']
        this.#learn(
          isObject(meta) ? meta[META.serverInfo] : undefined,
          answer.result['instructions'],
        )
        return true
      }
    }
    if (required) {
      throw gatewayFault('upstream.unavailable', `the system no longer speaks MCP ${MODERN_ERA}`)
    }
    this.#era = LEGACY_ERA
    return false
  }

  #learn(info: unknown, instructions: unknown): void {
    if (typeof info === 'object' && info !== null && 'name' in info && 'version' in info) {
      this.#server = { name: String(info.name), version: String(info.version) }
    }
    if (typeof instructions === 'string') this.#instructions = instructions
  }

  /** The whole tool set as it is now. */
  async listTools(): Promise<ActionDefinition[]> {
    const out: ActionDefinition[] = []
    let cursor: string | undefined
    for (let page = 0; page < PAGES_LIMIT; page++) {
      const result = await this.#ask(
        'tools/list',
        cursor === undefined ? emptyObject() : { cursor },
      )
      const tools = result['tools']
      if (!Array.isArray(tools))
        throw gatewayFault('upstream.bad_answer', 'the system listed no tools')
      for (const tool of tools) {
        const read = readTool(tool)
        if (typeof read === 'string')
          throw gatewayFault('upstream.bad_answer', `the system lists ${read}`)
        out.push(read)
      }
      if (out.length > TOOLS_LIMIT) {
        throw gatewayFault('upstream.bad_answer', `the system lists more than ${TOOLS_LIMIT} tools`)
      }
      const next = result['nextCursor']
      if (typeof next !== 'string') break
      cursor = next
    }
    const names = new Map(out.map((action) => [action.name, action.digest]))
    if (names.size !== out.length) {
      throw gatewayFault('upstream.bad_answer', 'the system lists two tools of the same name')
    }
    this.#tools = names
    return out
  }

  /** True when the tool is, as this process lists it now, exactly what a person pinned. */
  async stillIs(action: ActionDefinition): Promise<boolean> {
    if (this.#tools === undefined) await this.listTools()
    return this.#tools?.get(action.name) === action.digest
  }

  async #ask(method: string, params: JsonObject): Promise<JsonObject> {
    const answer = await this.request(method, params, { timeoutMs: START_MS })
    if (answer.kind === 'result') return answer.result
    throw gatewayFault(
      'upstream.unavailable',
      `the system refused ${method} (${answer.error.code})`,
    )
  }

  /**
   * Makes one request. Rejects with an `upstream.*` Fault, or with the reason of the signal; whenever it ends before its
   * answer, the upstream is sent `notifications/cancelled`.
   */
  request(method: string, params: JsonObject, options: RequestOptions): Promise<UpstreamAnswer> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    if (this.process.backlog > BACKLOG_LIMIT) {
      return Promise.reject(
        gatewayFault('upstream.busy', 'the system does not read what it is sent'),
      )
    }
    const id = this.#next++
    return new Promise((resolve, reject) => {
      const { signal, onProgress } = options
      const end = (reason: unknown): void => {
        if (!this.#pending.has(id)) return
        finish()
        this.#send({
          jsonrpc: '2.0',
          method: 'notifications/cancelled',
          params: { requestId: id, reason: 'the caller ended the call' },
        })
        reject(reason)
      }
      const onAbort = (): void => end(signal?.reason)
      const timer = setTimeout(() => {
        end(
          gatewayFault(
            'upstream.timeout',
            `the system did not answer within ${options.timeoutMs} ms`,
          ),
        )
      }, options.timeoutMs)
      const finish = (): void => {
        this.#pending.delete(id)
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      }
      this.#pending.set(id, {
        onProgress,
        settle: (answer) => {
          finish()
          if (answer.kind === 'fault') reject(answer.fault)
          else resolve(answer)
        },
      })
      signal?.addEventListener('abort', onAbort)
      if (signal?.aborted === true) return onAbort()
      this.#send({ jsonrpc: '2.0', id, method, params: this.#dress(params, id, options) })
    })
  }

  /** Adds what the era asks for. The caller's own `_meta` never reaches an upstream. */
  #dress(
    params: JsonObject,
    id: number,
    { onProgress, traceparent }: Pick<RequestOptions, 'onProgress' | 'traceparent'>,
  ): JsonObject {
    const meta: JsonObject = {}
    if (this.#era === MODERN_ERA) {
      meta[META.version] = MODERN_ERA
      meta[META.clientInfo] = CLIENT_INFO
      meta[META.clientCapabilities] = emptyObject()
    }
    if (onProgress !== undefined) meta['progressToken'] = id
    if (traceparent !== undefined) meta['traceparent'] = traceparent
    return Object.keys(meta).length === 0 ? params : { ...params, _meta: meta }
  }

  #send(message: JsonObject): void {
    this.process.write(asLine(stringifyJson(message)))
  }

  #onLine(line: Uint8Array): void {
    let message: RpcMessage | undefined
    try {
      message = rpcMessage(parseJson(line, RESPONSE_LIMITS))
    } catch (error) {
      this.#events.onGarbage(error instanceof Error ? error.message : 'unreadable')
      return
    }
    if (message === undefined) return this.#events.onGarbage('a line that is no JSON-RPC message')
    switch (message.kind) {
      case 'result':
        return this.#answer(message.id, { kind: 'result', result: message.result })
      case 'error':
        return this.#answer(message.id, { kind: 'error', error: message.error })
      case 'notification':
        return this.#onNotification(message.method, message.params)
      case 'request':
        return this.#onRequest(message.id, message.method)
    }
  }

  #answer(id: string | number | null, answer: UpstreamAnswer): void {
    // An answer to nothing is the late answer of a call that ended: dropped.
    if (typeof id === 'number') this.#pending.get(id)?.settle(answer)
  }

  #onNotification(method: string, params: JsonObject): void {
    if (method === 'notifications/tools/list_changed') this.#tools = undefined
    if (method !== 'notifications/progress') return
    const { progressToken, ...rest } = params
    if (typeof progressToken === 'number') this.#pending.get(progressToken)?.onProgress?.(rest)
  }

  /** A system asks an agent for nothing here: its requests are refused, `ping` excepted, and the refusal is told. */
  #onRequest(id: string | number, method: string): void {
    if (method === 'ping') return this.#send({ jsonrpc: '2.0', id, result: emptyObject() })
    this.#events.onForeignRequest(method)
    this.#send({
      jsonrpc: '2.0',
      id,
      error: {
        code: -32601,
        message: 'bailiwick refuses requests from a system: no policy names it',
      },
    })
  }

  #fail(fault: Fault): void {
    if (this.#closed !== undefined) return
    this.#closed = fault
    this.process.kill()
    for (const pending of this.#pending.values()) pending.settle({ kind: 'fault', fault })
  }

  /** Ends the process and every call on it. */
  close(fault: Fault): void {
    this.#fail(fault)
  }
}
