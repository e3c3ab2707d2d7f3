// Holds one conversation with an MCP server, in whichever era it speaks: requests and their answers, news, and what it asks back.

import { Fault } from '../../std/fault.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import {
  emptyObject,
  LEGACY_ERA,
  LEGACY_VERSIONS,
  META,
  MODERN_ERA,
  type RpcMessage,
} from '../../wire/mcp.ts'
import type { ActionDefinition, McpEra } from '../../wire/system.ts'
import { NOTHING_EQUIPPED, type Equipment } from '../equipment.ts'
import { gatewayFault } from '../faults.ts'
import type { Asks } from './asks.ts'
import type { Carrier, Receiver } from './carrier.ts'
import type { Described } from './definition.ts'
import { describe } from './describe.ts'
import type { Drift } from './drift.ts'
import type { Failure, Pending, RequestOptions, UpstreamAnswer } from './exchange.ts'
import type { Front } from './front.ts'
import { Likeness } from './likeness.ts'
import { CLIENT_INFO, dressed } from './meta.ts'
import { Questions, readRequests, signalOf } from './questions.ts'
import { Subscriptions, tellsOfChanges } from './subscriptions.ts'

/** Bytes that may wait for an upstream that does not read. */
const BACKLOG_LIMIT = 16_777_216
/** How long an upstream may take to start, list and answer a probe (ms). */
const START_MS = 30_000
const PROBE_MS = 10_000
/** How often a system may ask for more before one request is given up. */
const ROUNDS = 16
/** Requests of one conversation under way at once. */
const UNDER_WAY = 4_096

export type { RequestOptions, UpstreamAnswer } from './exchange.ts'

/** What a conversation tells its owner, and asks of it. */
export interface ConversationEvents {
  /** It said something that cannot be read. */
  onGarbage(what: string): void
  /** It has described itself: what of that is not as it was pinned. Absent for looking at a system that nobody pinned. */
  onDescribed?(described: Described): Drift | undefined
  /** News for the session that it belongs to, as it came. */
  onNews(method: string, params: JsonObject): void
}

/** What a conversation is opened with. */
export interface ConversationParts {
  readonly carrier: (receiver: Receiver) => Carrier
  readonly events: ConversationEvents
  readonly equipment?: Equipment
  readonly front?: Front | undefined
  /** Decides and passes on what the system asks; absent: it may ask nothing. */
  readonly asks?: Asks
}

/** News that concern what is pinned. */
const CHANGED: ReadonlySet<string> = new Set([
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
])

/** A conversation. Owned by the pool. */
export class Conversation {
  readonly #carrier: Carrier
  readonly #events: ConversationEvents
  readonly #equipment: Equipment
  readonly #front: Front | undefined
  readonly #asks: Asks | undefined
  readonly #questions: Questions
  readonly #likeness: Likeness
  readonly #pending = new Map<number, Pending>()
  readonly #subscriptions: Subscriptions
  #next = 1
  #closed: Fault | undefined
  #era: McpEra = LEGACY_ERA
  #capabilities: JsonObject = emptyObject()
  #server: Described['server'] = { name: 'unknown', version: 'unknown' }
  #instructions: string | undefined
  #logLevel: string | undefined
  #reopening: Promise<void> | undefined
  #onClosed: (() => void) | undefined

  constructor({ carrier, events, equipment, front, asks }: ConversationParts) {
    this.#events = events
    this.#equipment = equipment ?? NOTHING_EQUIPPED
    this.#front = front
    this.#asks = asks
    this.#questions = new Questions(asks)
    this.#likeness = new Likeness(this, (described) => events.onDescribed?.(described))
    this.#subscriptions = new Subscriptions(this, () => this.#likeness.forget())
    this.#carrier = carrier({
      onMessage: (message, about) => this.#onMessage(message, about),
      onFailed: (id, fault, expired) =>
        this.#pending.get(id)?.settle({ kind: 'fault', fault, expired }),
      onGone: (fault) => this.#fail(fault),
      onGarbage: (what) => events.onGarbage(what),
      onMissed: () => this.#likeness.forget(),
    })
  }

  get era(): McpEra {
    return this.#era
  }

  get server(): Described['server'] {
    return this.#server
  }

  get instructions(): string | undefined {
    return this.#instructions
  }

  /** The server's own, as it showed them. */
  get capabilities(): JsonObject {
    return this.#capabilities
  }

  get closed(): boolean {
    return this.#closed !== undefined
  }

  /** Requests under way, those that only listen not among them. */
  get busy(): number {
    return this.#pending.size - this.#subscriptions.listening
  }

  /** The program's process and its standard error, where it is one. */
  get program(): Pick<Carrier, 'pid' | 'said'> {
    return this.#carrier
  }

  /** Opens the conversation: in the era given, or in the newest that the upstream answers to. */
  async open(era: McpEra | undefined): Promise<void> {
    if (era !== LEGACY_ERA && (await this.#discover(era === MODERN_ERA))) return
    await this.#initialize()
  }

  async #initialize(): Promise<void> {
    const answer = await this.ask('initialize', {
      protocolVersion: LEGACY_ERA,
      capabilities: this.#front?.capabilities ?? emptyObject(),
      clientInfo: CLIENT_INFO,
    })
    const version = answer['protocolVersion']
    if (!(LEGACY_VERSIONS as readonly unknown[]).includes(version)) {
      throw gatewayFault(
        'upstream.unavailable',
        'the system speaks no revision of MCP that we know',
      )
    }
    this.#learn(answer['serverInfo'], answer)
    this.notify('notifications/initialized', emptyObject())
    // A session hears its news; what was pinned is watched for anybody.
    const watched = ['tools', 'prompts'].some((kind) => tellsOfChanges(this.#capabilities, kind))
    if (this.#front !== undefined && (this.#front.key !== '' || watched)) {
      this.#carrier.listen({ era: this.#era, equipment: this.#equipment })
    }
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
        this.#learn(isObject(meta) ? meta[META.serverInfo] : undefined, answer.result)
        this.#subscriptions.opened(this.#capabilities)
        return true
      }
    }
    if (required) {
      throw gatewayFault('upstream.unavailable', `the system no longer speaks MCP ${MODERN_ERA}`)
    }
    this.#era = LEGACY_ERA
    return false
  }

  #learn(info: Json | undefined, { capabilities, instructions }: JsonObject): void {
    if (isObject(info)) {
      const { name, version, title } = info
      if (typeof name === 'string' && typeof version === 'string') {
        this.#server = { name, version, ...(typeof title === 'string' && { title }) }
      }
    }
    this.#capabilities = isObject(capabilities) ? capabilities : emptyObject()
    this.#instructions = typeof instructions === 'string' ? instructions : undefined
  }

  /** Asks a server that said that something changed before anything else goes out. */
  stillIs(action: ActionDefinition, input: JsonObject): Promise<boolean> {
    this.#subscriptions.listen()
    return this.#likeness.stillIs(action, input)
  }

  /** What the server says that it is, as it is now. */
  describe(): Promise<Described> {
    return describe(this)
  }

  /** Makes a request of our own, whose result is needed. */
  async ask(method: string, params: JsonObject): Promise<JsonObject> {
    const answer = await this.#once(method, params, { timeoutMs: START_MS })
    if (answer.kind === 'result') return answer.result
    const { code } = answer.error
    throw gatewayFault('upstream.unavailable', `the system refused ${method} (${code})`)
  }

  /**
   * Makes one request, and answers what it asks for on the way. Rejects with an `upstream.*` or `net.*` Fault, or with the reason of the
   * signal; whenever it ends before its answer, the upstream is told.
   */
  async request(
    method: string,
    params: JsonObject,
    options: RequestOptions,
  ): Promise<UpstreamAnswer> {
    if (this.#era === MODERN_ERA) {
      const translated = this.#subscriptions.translated(method, params)
      if (translated !== undefined) return translated
      if (method === 'logging/setLevel') return this.#setLevel(params)
    }
    let answer = await this.#once(method, params, options)
    for (let round = 0; needsInput(answer); round++) {
      const { front } = options
      if (front === undefined || this.#asks === undefined || round >= ROUNDS) return answer
      const { inputRequests, requestState } = answer.result
      const { secrets } = options.equipment ?? this.#equipment
      const requests = readRequests(inputRequests)
      const answers = await this.#asks.put(requests, front, signalOf(options), secrets)
      const again: JsonObject = { ...params }
      const given = Object.entries(answers).flatMap(([key, one]) =>
        one?.kind === 'result' ? [[key, one.result] as const] : [],
      )
      if (given.length > 0) again['inputResponses'] = Object.fromEntries(given)
      if (requestState !== undefined) again['requestState'] = requestState
      answer = await this.#once(method, again, options)
    }
    return answer
  }

  #setLevel({ level }: JsonObject): UpstreamAnswer {
    this.#logLevel = typeof level === 'string' ? level : undefined
    return { kind: 'result', result: emptyObject() }
  }

  /** One request and its answer, whatever that is. A session that the server ended without taking the request is opened anew, once. */
  async #once(
    method: string,
    params: JsonObject,
    options: RequestOptions,
  ): Promise<UpstreamAnswer> {
    const first = await this.#exchange(method, params, options)
    if (first.kind !== 'fault') return first
    if (!first.expired || method === 'initialize' || this.closed) throw first.fault
    await (this.#reopening ??= this.#reopen().finally(() => (this.#reopening = undefined)))
    if (this.#events.onDescribed !== undefined) await this.#likeness.afterReopening(method, params)
    const second = await this.#exchange(method, params, options)
    if (second.kind !== 'fault') return second
    throw second.fault
  }

  async #reopen(): Promise<void> {
    this.#likeness.forget()
    await this.#initialize()
  }

  #exchange(
    method: string,
    params: JsonObject,
    options: RequestOptions,
  ): Promise<UpstreamAnswer | Failure> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    if (this.#carrier.backlog > BACKLOG_LIMIT || this.#pending.size >= UNDER_WAY) {
      const busy = 'the system has more to do than it gets done'
      return Promise.reject(gatewayFault('upstream.busy', busy))
    }
    const id = this.#next++
    return new Promise((resolve, reject) => {
      const { signal, timeoutMs } = options
      const ended = new AbortController()
      const end = (reason: unknown): void => {
        if (!this.#pending.has(id)) return
        finish()
        // Over HTTP the end of its stream tells a server of 2026-07-28; every other is told in words.
        this.notify('notifications/cancelled', {
          requestId: id,
          reason: 'the caller ended the call',
        })
        ended.abort(reason)
        reject(reason)
      }
      const onAbort = (): void => end(signal?.reason)
      const late = `the system did not answer within ${timeoutMs} ms`
      const timer = setTimeout(() => end(gatewayFault('upstream.timeout', late)), timeoutMs)
      const finish = (): void => {
        this.#pending.delete(id)
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      }
      const settle = (answer: UpstreamAnswer | Failure): void => {
        finish()
        resolve(answer)
      }
      this.#pending.set(id, { method, options, settle })
      signal?.addEventListener('abort', onAbort)
      if (signal?.aborted === true) return onAbort()
      const { front = this.#front, logLevel = this.#logLevel, ...rest } = options
      const about = { ...rest, front, logLevel }
      const message = { jsonrpc: '2.0', id, method, params: dressed(params, this.#era, id, about) }
      const { equipment = this.#equipment } = options
      const headers = this.#era === MODERN_ERA ? options.headers : undefined
      const { signal: over } = ended
      const standing = method === 'subscriptions/listen'
      this.#carrier.send(message, {
        era: this.#era,
        equipment,
        headers,
        id,
        standing,
        signal: over,
      })
    })
  }

  /** Says something that gets no answer. */
  notify(method: string, params: JsonObject): void {
    this.#say({ jsonrpc: '2.0', method, ...(Object.keys(params).length > 0 && { params }) })
  }

  #say(message: JsonObject): void {
    if (this.#closed !== undefined) return
    this.#carrier.send(message, { era: this.#era, equipment: this.#equipment })
  }

  #onMessage(message: RpcMessage, about: number | undefined): void {
    switch (message.kind) {
      case 'result':
      case 'error': {
        // An answer to nothing is the late answer of a call that ended: dropped. One that stands on another request's stream is none.
        const { id } = message
        if (typeof id !== 'number' || (about !== undefined && about !== id)) return
        this.#pending
          .get(id)
          ?.settle(
            message.kind === 'result'
              ? { kind: 'result', result: message.result }
              : { kind: 'error', error: message.error },
          )
        return
      }
      case 'notification':
        return this.#onNotification(message.method, message.params, about)
      case 'request':
        return this.#onRequest(message.id, message.method, message.params, about)
    }
  }

  #onNotification(method: string, params: JsonObject, about: number | undefined): void {
    if (method === 'notifications/progress') {
      const { progressToken, ...rest } = params
      if (typeof progressToken !== 'number') return
      if (about !== undefined && about !== progressToken) return
      this.#pending.get(progressToken)?.options.onProgress?.(rest)
      return
    }
    if (CHANGED.has(method)) this.#likeness.changed()
    if (this.#subscriptions.heard(method)) return
    const own = this.#requestOf(about)
    if (method === 'notifications/message' && own?.options.onNotification !== undefined) {
      return own.options.onNotification(method, params)
    }
    this.#events.onNews(method, params)
  }

  /** The request that something belongs to: the one on whose stream it came, or the only one under way. */
  #requestOf(about: number | undefined): Pending | undefined {
    if (about !== undefined) return this.#pending.get(about)
    const calls = [...this.#pending.values()].filter(({ options }) => options.front !== undefined)
    return calls.length === 1 ? calls[0] : undefined
  }

  /** A request of the system: `ping` is answered here, everything else is a question of its own, decided before anybody hears it. */
  #onRequest(
    id: string | number,
    method: string,
    params: JsonObject,
    about: number | undefined,
  ): void {
    if (method === 'ping') return this.#say({ jsonrpc: '2.0', id, result: emptyObject() })
    const audience = { front: this.#front, equipment: this.#equipment }
    void this.#questions
      .answer(method, params, this.#requestOf(about), audience)
      .then((answer) => this.#say({ jsonrpc: '2.0', id, ...answer }))
  }

  /** Told once when it has ended by itself: what we ended is no failure of it. */
  onClosed(listener: () => void): void {
    this.#onClosed = listener
  }

  #fail(fault: Fault, ours = false): void {
    if (this.#closed !== undefined) return
    this.#closed = fault
    this.#carrier.close()
    if (!ours) this.#onClosed?.()
    for (const pending of this.#pending.values()) {
      pending.settle({ kind: 'fault', fault, expired: false })
    }
  }

  /** Ends it and every request on it. */
  close(fault: Fault): void {
    this.#fail(fault, true)
  }
}

function needsInput(answer: UpstreamAnswer): answer is Extract<UpstreamAnswer, { kind: 'result' }> {
  return answer.kind === 'result' && answer.result['resultType'] === 'input_required'
}
