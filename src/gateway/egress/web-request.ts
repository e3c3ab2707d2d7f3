// Holds one HTTP request to the web: what was decided on goes out, and the answer comes back through the inspection.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import type { JsonObject } from '../../std/json.ts'
import { MODEL_HEADER, TRIGGER_HEADER } from '../../wire/said.ts'
import { isDenial, type Denial } from '../denial.ts'
import type { Equipment } from '../equipment.ts'
import { openInspection, type Inspection } from '../inspect/inspection.ts'
import type { Dial, Network } from '../net/network.ts'
import type { Answered, Operation, Permit, Sending } from '../operation.ts'
import { gatewayFault } from '../faults.ts'
import type { WebTarget } from './egress-target.ts'

/** Bytes of one body in, and of one answer that is passed on. */
const MAX_BODY = 256 * 2 ** 20
const MAX_ANSWER = 2 ** 30
/** How long a host may take to begin, and to go on (ms). */
const HEADERS_MS = 300_000
const BODY_MS = 300_000

/** Headers between two neighbours (RFC 9110 §7.6.1), of proxies, and those that the gateway writes itself. */
const OURS: ReadonlySet<string> = new Set([
  'accept-encoding',
  MODEL_HEADER,
  'bailiwick-task',
  TRIGGER_HEADER,
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'traceparent',
  'tracestate',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What of a request is decided on. */
export function webInput(request: IncomingMessage, target: WebTarget): JsonObject {
  const { scheme, host, port, path, query } = target
  const { headers } = request
  const length = headers['content-length']
  const body = length !== undefined || headers['transfer-encoding'] !== undefined
  const type = headers['content-type']
  return {
    method: request.method ?? '',
    scheme,
    host,
    port,
    path,
    ...(query !== undefined && { query }),
    headers: Object.keys(headers)
      .filter((name) => !isOurs(name, headers))
      .sort(),
    ...(body && {
      body: {
        ...(type !== undefined && {
          media_type: type.split(';', 1)[0]!.trim().toLowerCase().slice(0, 256),
        }),
        ...(length !== undefined && /^\d{1,15}$/.test(length) && { size: Number(length) }),
      },
    }),
  }
}

/** Headers that a client names in `Connection` are for us alone, as those of the list are. */
function isOurs(name: string, headers: IncomingMessage['headers']): boolean {
  if (OURS.has(name)) return true
  const named = headers.connection?.toLowerCase().split(',') ?? []
  return named.some((one) => one.trim() === name)
}

/** What came of a request. */
export interface WebAnswer {
  readonly status: number
  readonly up: number
  readonly down: number
  /** Why the answer was not passed on to its end. */
  readonly denial?: Denial
}

/** One request of an agent to a host on the web. */
export class WebRequestOperation implements Operation<WebAnswer> {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #target: WebTarget
  readonly #network: Pick<Network, 'dial'>
  #dial: Dial | undefined
  #equipment: Equipment | undefined
  #inspection: Inspection | undefined
  #up = 0
  #down = 0

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    target: WebTarget,
    network: Pick<Network, 'dial'>,
  ) {
    this.#request = request
    this.#response = response
    this.#target = target
    this.#network = network
  }

  /** Says of literal addresses at once that they may not be connected to; nothing goes out. */
  ready(call: Permit, equipment: Equipment): Promise<Denial | undefined> {
    const { scheme, host, port } = this.#target
    const name = host.includes(':') ? `[${host}]` : host
    // Policy decided on the scheme: what is clear text is so by its word.
    const reach = { clearText: scheme === 'http' }
    // Connections of one instance are never used for another.
    const account = call.actor.instance
    this.#dial = this.#network.dial(`${scheme}://${name}:${port}`, { reach, account })
    this.#equipment = equipment
    return Promise.resolve(undefined)
  }

  async send(call: Permit, { signal, traceparent }: Sending): Promise<WebAnswer> {
    const dial = this.#dial
    const equipment = this.#equipment
    if (dial === undefined || equipment === undefined) throw new TypeError('sent before ready')
    const inspection = (this.#inspection = openInspection(call, equipment))
    const { input } = call.request
    const query = input['query'] === undefined ? '' : `?${input['query'] as string}`
    const answer = await dial.request({
      // INV-12: from the tree that was decided on.
      method: input['method'] as string,
      path: `${input['path'] as string}${query}`,
      headers: { ...this.#headers(input['headers'] as string[]), traceparent },
      ...(input['body'] !== undefined && { body: this.#body() }),
      signal,
      headersTimeoutMs: HEADERS_MS,
      bodyTimeoutMs: BODY_MS,
    })
    const { status, headers, body } = answer
    const type = headers['content-type']
    const stream = inspection.stream(typeof type === 'string' ? type : undefined, {
      maxBytes: MAX_ANSWER,
    })
    const abort = (): void => {
      body.destroy(signal.reason as Error)
      this.#response.destroy()
    }
    signal.addEventListener('abort', abort, { once: true })
    try {
      this.#begin(status, headers, inspection)
      for await (const chunk of body as AsyncIterable<Buffer>) {
        await this.#pass(stream.push(chunk))
        if (stream.denial !== undefined) return this.#refused(status, stream.denial)
      }
      await this.#pass(stream.end())
      if (stream.denial !== undefined) return this.#refused(status, stream.denial)
      this.#response.end()
      return { status, up: this.#up, down: this.#down }
    } catch (error) {
      this.#response.destroy()
      throw signal.aborted ? signal.reason : error
    } finally {
      signal.removeEventListener('abort', abort)
      body.destroy()
    }
  }

  inspect(answer: WebAnswer): Answered<WebAnswer> | Denial {
    if (isDenial(answer.denial)) return answer.denial
    const { status, up, down } = answer
    const { facts } = this.passed()
    return {
      value: answer,
      status: status >= 500 ? 'upstream_error' : 'ok',
      facts: { executed: 'yes', http_status: status, ...facts, bytes_up: up, bytes_down: down },
    }
  }

  /** What has gone by, for the record of a request that was cut. */
  passed(): { readonly facts: JsonObject; readonly labels: readonly string[] } {
    const { host, port } = this.#target
    const seen = this.#inspection?.passed() ?? { facts: {}, labels: [] }
    const facts = { host, port, bytes_up: this.#up, bytes_down: this.#down, ...seen.facts }
    return { facts, labels: seen.labels }
  }

  /** The values of the headers that were named when it was decided, and no other header. */
  #headers(names: readonly string[]): Record<string, string | string[]> {
    const out: Record<string, string | string[]> = { 'accept-encoding': 'identity' }
    for (const name of names) {
      const value = this.#request.headers[name]
      if (value !== undefined) out[name] = value
    }
    const length = this.#request.headers['content-length']
    if (length !== undefined) out['content-length'] = length
    return out
  }

  async *#chunks(): AsyncGenerator<Buffer> {
    for await (const chunk of this.#request as AsyncIterable<Buffer>) {
      this.#up += chunk.length
      if (this.#up > MAX_BODY) throw gatewayFault('egress.bounds', 'the body is too large')
      yield chunk
    }
  }

  #body(): Readable {
    return Readable.from(this.#chunks(), { objectMode: false })
  }

  #begin(
    status: number,
    headers: Readonly<Record<string, string | readonly string[] | undefined>>,
    inspection: Inspection,
  ): void {
    for (const [name, value] of Object.entries(headers)) {
      if (OURS.has(name) || value === undefined) continue
      const clean =
        typeof value === 'string'
          ? inspection.text(value)
          : value.map((one) => inspection.text(one))
      this.#response.setHeader(name, clean)
    }
    this.#response.writeHead(status)
    this.#response.flushHeaders()
  }

  async #pass(chunk: Buffer): Promise<void> {
    if (chunk.length === 0 || this.#response.destroyed) return
    this.#down += chunk.length
    if (this.#response.write(chunk)) return
    await Promise.race([once(this.#response, 'drain'), once(this.#response, 'close')])
  }

  /** INVARIANT: once something was found that may not pass, the client sees a broken connection and never a whole answer. */
  #refused(status: number, denial: Denial): WebAnswer {
    this.#response.destroy()
    return { status, up: this.#up, down: this.#down, denial }
  }
}
