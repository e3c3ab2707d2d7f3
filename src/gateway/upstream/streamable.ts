// Holds the carrier over Streamable HTTP: every message a POST of its own, with its answer as JSON or as a stream of events.

import type { Readable } from 'node:stream'
import { Fault } from '../../std/fault.ts'
import { utf8 } from '../../std/bytes.ts'
import { parseJson, RESPONSE_LIMITS, stringifyJson, type JsonObject } from '../../std/json.ts'
import { LEGACY_ERA, MODERN_ERA, rpcMessage, type RpcMessage } from '../../wire/mcp.ts'
import type { McpTransport } from '../../wire/system.ts'
import { gatewayFault } from '../faults.ts'
import { netFailure } from '../net/failure.ts'
import type { Incoming } from '../net/line.ts'
import type { Network } from '../net/network.ts'
import { headerOf, readBounded } from '../net/read.ts'
import type { Carrier, Receiver, Terms } from './carrier.ts'
import { requestHeaders } from './headers.ts'
import type { PeerCheck } from './peer.ts'
import { EventReader } from './sse.ts'

/** How long a system may take to begin to answer, and how long a stream may say nothing (ms; the call has a limit of its own). */
const HEADERS_MS = 600_000
/** Bytes of all events of one call: its answer, and as much again of what comes before. */
const STREAM_BYTES = RESPONSE_LIMITS.bytes * 2
/** Bytes of an answer that says why not. */
const REFUSAL_BYTES = 65_536
/** How often a stream that broke off is taken up again before its request is given up. */
const RESUMES = 3
/** Between two tries to hear what belongs to no request (ms). */
const RETRY_MS = { least: 500, usual: 1_000, most: 30_000 } as const
/** What a system may call a session: visible ASCII (MCP 2025-11-25, Streamable HTTP, session management). */
const SESSION = /^[\x21-\x7e]{1,512}$/
/** The session is over, and the request was not taken (MCP 2025-11-25, session management). */
const EXPIRED = 'the system has ended the session'

/** What the carrier connects by. */
export interface StreamableParts {
  readonly network: Network
  readonly transport: McpTransport
  readonly peer: PeerCheck | undefined
  readonly receiver: Receiver
}

/** Speaks with one server on the network. What it is told of sessions stays here: no agent ever sees the id of one. */
export class StreamableCarrier implements Carrier {
  readonly #parts: StreamableParts
  readonly #url: URL
  readonly #ended = new AbortController()
  #session: string | undefined
  #terms: Terms | undefined
  #hearing = new AbortController()
  #backlog = 0
  #retry: NodeJS.Timeout | undefined

  readonly said = ''
  readonly pid = undefined

  constructor(parts: StreamableParts) {
    this.#parts = parts
    this.#url = new URL(parts.transport.url)
  }

  get backlog(): number {
    return this.#backlog
  }

  send(message: JsonObject, terms: Terms): void {
    this.#terms = terms
    const body = utf8(stringifyJson(message))
    this.#backlog += body.length
    void this.#post(message, body, terms).finally(() => (this.#backlog -= body.length))
  }

  /** Opens the stream of what belongs to no request; a server that has none says so with 405. */
  listen(terms: Terms): void {
    this.#terms = terms
    if (terms.era !== LEGACY_ERA) return
    // A session that was opened anew has a stream of its own: that of the one before is over.
    this.#hearing.abort(gatewayFault('upstream.unavailable', EXPIRED))
    clearTimeout(this.#retry)
    this.#hearing = new AbortController()
    void this.#hear(undefined, RETRY_MS.usual, this.#hearing.signal)
  }

  close(): void {
    if (this.#ended.signal.aborted) return
    clearTimeout(this.#retry)
    const session = this.#session
    const terms = this.#terms
    this.#ended.abort(gatewayFault('upstream.unavailable', 'the conversation is over'))
    if (session !== undefined && terms !== undefined) void this.#leave(session, terms)
  }

  /** Says that the session is over: a courtesy, which may fail. */
  async #leave(session: string, terms: Terms): Promise<void> {
    const headers = { 'mcp-session-id': session, 'mcp-protocol-version': terms.era }
    try {
      const { body } = await this.#request('DELETE', headers, undefined, terms, undefined)
      body.destroy()
    } catch {
      // A server that is gone has no session either.
    }
  }

  async #post(message: JsonObject, body: Uint8Array, terms: Terms): Promise<void> {
    const { id } = terms
    const { receiver } = this.#parts
    try {
      const headers = { ...requestHeaders(message, terms.era, this.#session), ...terms.headers }
      const answer = await this.#request('POST', headers, body, terms, this.#signal(terms))
      if (id === undefined) {
        answer.body.destroy()
        return
      }
      this.#learnSession(message, answer)
      await this.#answered(id, answer, terms)
    } catch (error) {
      const fault = error instanceof Fault ? error : netFailure(error)
      if (id !== undefined) receiver.onFailed(id, fault, fault.detail === EXPIRED)
    }
  }

  #signal({ signal }: Terms): AbortSignal {
    const ended = this.#ended.signal
    return signal === undefined ? ended : AbortSignal.any([signal, ended])
  }

  async #request(
    method: string,
    own: Readonly<Record<string, string>>,
    body: Uint8Array | undefined,
    { equipment }: Terms,
    signal: AbortSignal | undefined,
  ): Promise<Incoming> {
    const { network, peer, transport } = this.#parts
    const url = new URL(this.#url)
    for (const [name, value] of Object.entries(equipment.query ?? {})) {
      url.searchParams.append(name, value)
    }
    const headers = { ...own, ...equipment.headers }
    const toSign = { method, url, headers, ...(body !== undefined && { body }) }
    const signed = equipment.sign === undefined ? {} : await equipment.sign(toSign)
    const { account, tls } = equipment
    return network.dial(url, { reach: transport.reach, tls, account, peer }).request({
      method,
      path: url.pathname + url.search,
      headers: { ...headers, ...signed },
      ...(body !== undefined && { body }),
      ...(signal !== undefined && { signal }),
      headersTimeoutMs: HEADERS_MS,
      bodyTimeoutMs: 0,
    })
  }

  /** The session that a server opened with `initialize`. */
  #learnSession(message: JsonObject, { headers }: Incoming): void {
    if (message['method'] !== 'initialize') return
    const session = headerOf(headers, 'mcp-session-id')
    if (session === undefined) return
    if (!SESSION.test(session)) {
      throw gatewayFault('upstream.bad_answer', 'the system names a session in a way that is none')
    }
    this.#session = session
  }

  async #answered(id: number, answer: Incoming, terms: Terms): Promise<void> {
    const { status, headers, body } = answer
    const type = headerOf(headers, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase()
    if (headerOf(headers, 'content-encoding') !== undefined) {
      body.destroy()
      throw gatewayFault(
        'upstream.bad_answer',
        'the system compressed an answer that was not to be',
      )
    }
    if (status === 200 && type === 'text/event-stream')
      return this.#stream(id, body, terms, { times: 0 })
    const json = type === 'application/json'
    const bytes = await readBounded(body, json ? RESPONSE_LIMITS.bytes : REFUSAL_BYTES)
    if (status === 404 && this.#session !== undefined) {
      this.#session = undefined
      throw gatewayFault('upstream.unavailable', EXPIRED)
    }
    const message = json ? this.#read(bytes) : undefined
    if (message !== undefined && (message.kind === 'result' || message.kind === 'error')) {
      const { receiver } = this.#parts
      // An answer to another id is none to this request.
      if (message.id === id || (message.kind === 'error' && message.id === null)) {
        return receiver.onMessage({ ...message, id }, id)
      }
    }
    throw refusal(status)
  }

  #read(bytes: Uint8Array): RpcMessage | undefined {
    try {
      return rpcMessage(parseJson(bytes, RESPONSE_LIMITS))
    } catch (error) {
      this.#parts.receiver.onGarbage(error instanceof Error ? error.message : 'unreadable')
      return undefined
    }
  }

  /** Passes the events of a request's own stream on, until its answer has come. */
  async #stream(
    id: number,
    body: Readable,
    terms: Terms,
    resumed: { readonly times: number; readonly last?: string },
  ): Promise<void> {
    const reader = new EventReader(RESPONSE_LIMITS.bytes)
    const done = await this.#events(reader, body, id, terms.standing)
    if (done) return
    const last = reader.lastId ?? resumed.last
    if (terms.era === MODERN_ERA || last === undefined || resumed.times >= RESUMES) {
      throw gatewayFault('upstream.died', 'the system ended its stream before it had answered')
    }
    const headers = this.#listening(terms, last)
    const again = await this.#request('GET', headers, undefined, terms, this.#signal(terms))
    const type = headerOf(again.headers, 'content-type') ?? ''
    if (again.status !== 200 || !type.startsWith('text/event-stream')) {
      again.body.destroy()
      throw gatewayFault('upstream.died', 'the system did not go on with a stream that broke off')
    }
    return this.#stream(id, again.body, terms, { times: resumed.times + 1, last })
  }

  /** True once the answer to `id` has come. */
  async #events(
    reader: EventReader,
    body: Readable,
    id: number | undefined,
    standing = false,
  ): Promise<boolean> {
    const { receiver } = this.#parts
    // What stands for long is bounded by the event; the stream of one call also as a whole.
    const most = id === undefined || standing ? Infinity : STREAM_BYTES
    let total = 0
    try {
      for await (const chunk of body) {
        total += (chunk as Buffer).length
        if (total > most) throw new RangeError('a stream over the limit')
        for (const event of reader.push(chunk as Buffer)) {
          if (event.type !== 'message' || event.data === '') continue
          const message = this.#read(utf8(event.data))
          if (message === undefined) {
            receiver.onGarbage('an event that is no JSON-RPC message')
            continue
          }
          receiver.onMessage(message, id)
          const answers = message.kind === 'result' || message.kind === 'error'
          if (answers && id !== undefined && message.id === id) return true
        }
      }
    } catch (error) {
      if (error instanceof RangeError || error instanceof TypeError) {
        throw gatewayFault('upstream.bad_answer', `the system sent ${error.message}`, error)
      }
      // A stream that broke off may be taken up again; one that we ended may not.
      if (this.#ended.signal.aborted || reader.lastId === undefined) throw error
    } finally {
      body.destroy()
    }
    return false
  }

  #listening({ era }: Terms, last: string | undefined): Record<string, string> {
    return {
      accept: 'text/event-stream',
      'accept-encoding': 'identity',
      'mcp-protocol-version': era,
      ...(this.#session !== undefined && { 'mcp-session-id': this.#session }),
      ...(last !== undefined && { 'last-event-id': last }),
    }
  }

  /** Hears what belongs to no request, again and again, until the conversation is over or the server has no such stream. */
  async #hear(last: string | undefined, waitMs: number, replaced: AbortSignal): Promise<void> {
    const terms = this.#terms
    const over = AbortSignal.any([this.#ended.signal, replaced])
    if (terms === undefined || over.aborted) return
    const reader = new EventReader(RESPONSE_LIMITS.bytes)
    let heard = false
    let next = Math.min(waitMs * 2, RETRY_MS.most)
    try {
      const headers = this.#listening(terms, last)
      const answer = await this.#request('GET', headers, undefined, terms, over)
      const type = headerOf(answer.headers, 'content-type') ?? ''
      if (answer.status !== 200 || !type.startsWith('text/event-stream')) {
        answer.body.destroy()
        if (answer.status >= 400 && answer.status < 500) return
      } else {
        heard = true
        // What changed before this stream stood was told to nobody.
        if (last === undefined) this.#parts.receiver.onMissed()
        await this.#events(reader, answer.body, undefined)
        next = RETRY_MS.usual
      }
    } catch (error) {
      if (over.aborted) return
      this.#parts.receiver.onGarbage(error instanceof Error ? error.message : 'a stream broke off')
    }
    if (over.aborted) return
    // A server that gives ids repeats what was missed; of any other, nothing is sure any more.
    if (heard && (reader.lastId ?? last) === undefined) this.#parts.receiver.onMissed()
    const asked = Math.min(Math.max(reader.retryMs ?? next, RETRY_MS.least), RETRY_MS.most)
    this.#retry = setTimeout(
      () => void this.#hear(reader.lastId ?? last, next, replaced),
      asked,
    ).unref()
  }
}

/** What a status without a JSON-RPC answer means. */
function refusal(status: number): Fault {
  if (status === 401 || status === 403) {
    return gatewayFault('upstream.credential', `the system refused our credential (${status})`)
  }
  if (status >= 300 && status < 400) {
    return gatewayFault(
      'upstream.bad_answer',
      `the system answered ${status}: redirects are not followed`,
    )
  }
  return status >= 500 || status === 429
    ? gatewayFault('upstream.unavailable', `the system answered ${status}`)
    : gatewayFault('upstream.bad_answer', `the system answered ${status}, and no JSON-RPC message`)
}
