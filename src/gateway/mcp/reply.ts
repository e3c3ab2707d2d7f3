// Holds the answer to one POST: plain JSON when nothing precedes the result, a stream of events as soon as something does.

import type { ServerResponse } from 'node:http'
import { stringifyJson, type JsonObject } from '../../std/json.ts'
import type { RpcError, RpcId } from '../../wire/mcp.ts'

/** A stream that says nothing for this long gets a comment, so that nobody on the way takes it for dead (ms). */
const QUIET_MS = 15_000
/** Bytes that may wait for a client that does not read; notifications beyond are dropped, results are not. */
const BACKLOG_LIMIT = 1_048_576

/** The head of every stream of events. */
export const STREAM_HEAD = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
} as const

/** One message as an event of a stream. */
export function eventOf(message: JsonObject): string {
  return `event: message\ndata: ${stringifyJson(message)}\n\n`
}

/** Writes exactly one JSON-RPC answer. */
export class McpReply {
  readonly #response: ServerResponse
  readonly #mayStream: boolean
  /** True for a client that names streams before documents. */
  readonly #wouldStream: boolean
  #streaming = false
  #done = false
  #quiet: NodeJS.Timeout | undefined

  constructor(response: ServerResponse, accept: string | undefined) {
    this.#response = response
    const stream = accept?.indexOf('text/event-stream') ?? -1
    const document = accept?.indexOf('application/json') ?? -1
    this.#mayStream = stream >= 0
    this.#wouldStream = stream >= 0 && document > stream
  }

  /** Sends a notification ahead of the answer; without a stream, or to a client that does not read, it is dropped. */
  notify(method: string, params: JsonObject): void {
    this.#ahead({ jsonrpc: '2.0', method, params })
  }

  /** Sends a request of ours ahead of the answer. False where nothing can go ahead of it, or the client does not read. */
  ask(id: RpcId, method: string, params: JsonObject): boolean {
    return this.#ahead({ jsonrpc: '2.0', id, method, params })
  }

  #ahead(message: JsonObject): boolean {
    if (!this.#openStream() || this.#response.writableLength > BACKLOG_LIMIT) return false
    this.#response.write(eventOf(message))
    return true
  }

  /** Begins to stream if the answer takes long, so that the connection is seen to live. */
  expectDelay(): void {
    if (!this.#mayStream || this.#done) return
    this.#quiet ??= setInterval(() => {
      if (this.#openStream()) this.#response.write(': still here\n\n')
    }, QUIET_MS)
  }

  /** Says when to try again (RFC 9110 §10.2.3), with the answer that follows. */
  retryAfter(ms: number): void {
    this.#header('retry-after', String(Math.ceil(ms / 1_000)))
  }

  /** Names the session that the answer begins (MCP 2025-11-25, "Session Management"). */
  session(id: string): void {
    this.#header('mcp-session-id', id)
  }

  result(id: RpcId, result: JsonObject): void {
    if (this.#wouldStream) this.#openStream()
    this.#answer(200, { jsonrpc: '2.0', id, result })
  }

  /** Says how to get in, with the answer that follows. */
  challenge(values: readonly string[]): void {
    this.#header('www-authenticate', [...values])
  }

  error(id: RpcId | null, error: RpcError, status = 200): void {
    const { code, message, data } = error
    this.#answer(status, {
      jsonrpc: '2.0',
      id,
      error: { code, message, ...(data !== undefined && { data }) },
    })
  }

  /** A notification, or an answer of the client's, was taken. */
  accepted(): void {
    if (this.#finish()) this.#response.writeHead(202).end()
  }

  #header(name: string, value: string | string[]): void {
    if (!this.#streaming && !this.#done) this.#response.setHeader(name, value)
  }

  #openStream(): boolean {
    if (this.#done || !this.#mayStream) return false
    if (!this.#streaming) {
      this.#streaming = true
      this.#response.writeHead(200, STREAM_HEAD)
    }
    return true
  }

  #answer(status: number, message: JsonObject): void {
    if (!this.#finish()) return
    if (this.#streaming) {
      this.#response.end(eventOf(message))
      return
    }
    // A text goes out with the headers as one piece.
    const body = stringifyJson(message)
    this.#response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
    })
    this.#response.end(body)
  }

  #finish(): boolean {
    if (this.#done) return false
    this.#done = true
    clearInterval(this.#quiet)
    return true
  }

  /** The client is gone: nothing more is written. */
  drop(): void {
    this.#finish()
  }
}
