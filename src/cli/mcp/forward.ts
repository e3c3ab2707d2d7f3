// Holds getting one message to the gateway and its answer back: across restarts of the gateway and ends of the identity.

import { Fault, publicFault } from '../../std/fault.ts'
import type { Clock } from '../../std/clock.ts'
import { isObject, type JsonObject } from '../../std/json.ts'
import type { Timer } from '../../std/timer.ts'
import { rpcMessage, type RpcId, type RpcMessage } from '../../wire/mcp.ts'
import type { Enrolled } from '../enrolment.ts'
import { envelopeVersion, headersOf, taskHeader } from './envelope.ts'
import { exchange, type Arrival } from './exchange.ts'
import { fault } from './faults.ts'
import type { Session } from './session.ts'

/** How long a gateway that does not listen is waited for: a restart takes about a second (ms). */
const RESTART_MS = 10_000
const RETRY_FIRST_MS = 100
const RETRY_MOST_MS = 2_000
/** How long a notification may take (ms). */
const NOTIFY_MS = 10_000

/** Nobody listened: at the gateway, or where the identity comes from. Nothing was sent. */
const UNREACHED: ReadonlySet<string> = new Set([
  'bridge.unreachable',
  'cli.unreachable',
  'holder.unreachable',
])

/** A message as the client wrote it. */
export interface Forwarded {
  readonly message: Extract<RpcMessage, { kind: 'request' | 'notification' }>
  readonly body: Uint8Array
}

/** What forwarding needs. */
export interface ForwarderParts {
  readonly session: Session
  readonly system: string
  readonly clock: Clock
  readonly timer: Timer
  readonly note: (text: string) => void
}

/** The way to one system. Knows what a client with a handshake agreed on, and says it again to a gateway that forgot. */
export class Forwarder {
  readonly #parts: ForwarderParts
  #initialize: Forwarded | undefined
  /** The revision that `initialize` agreed on. */
  #negotiated: string | undefined
  /** Whom the handshake was last made with. */
  #greeted: Enrolled | undefined

  constructor(parts: ForwarderParts) {
    this.#parts = parts
  }

  /** The messages that a request is answered with, the answer last. Throws a Fault where there is none. */
  async *request(forwarded: Forwarded, signal: AbortSignal): AsyncGenerator<JsonObject> {
    const { message } = forwarded
    const id = message.kind === 'request' ? message.id : null
    for await (const { status, tree } of this.#delivered(forwarded, signal)) {
      const read = rpcMessage(tree)
      if (read === undefined) throw fault('bridge.answer', 'the gateway answered no JSON-RPC')
      if (read.kind === 'notification') {
        yield tree
        continue
      }
      if (read.kind === 'request') {
        this.#parts.note(`a request of the gateway was dropped: ${read.method}`)
        continue
      }
      if (!answers(read.id, id)) throw fault('bridge.answer', 'the gateway answered something else')
      if (read.kind === 'result' && message.method === 'initialize') {
        this.#agreed(forwarded, read.result)
      }
      if (status === 401) this.#parts.note('the gateway does not know this identity')
      // Refusals before the message was read name no id; the client waits for its own.
      yield { ...tree, id }
      return
    }
    signal.throwIfAborted()
    throw fault('bridge.lost', 'the gateway ended its answer early')
  }

  /** Sends a notification; what goes wrong is noted, as nobody waits for an answer. */
  async notify(forwarded: Forwarded): Promise<void> {
    try {
      const signal = AbortSignal.timeout(NOTIFY_MS)
      for await (const { tree } of this.#post(
        await this.#parts.session.live(),
        forwarded,
        signal,
      )) {
        if (isObject(tree['error'])) this.#parts.note(`${forwarded.message.method} was refused`)
      }
    } catch (error) {
      const { detail, code } = publicFault(error)
      this.#parts.note(`${forwarded.message.method} was not sent: ${detail} (${code})`)
    }
  }

  /** Delivers once. Repeats only what surely was not taken: nothing listened, or the identity was refused. */
  async *#delivered(forwarded: Forwarded, signal: AbortSignal): AsyncGenerator<Arrival> {
    const { session, clock } = this.#parts
    const until = clock.monotonic() + RESTART_MS
    let renewed = false
    for (let wait = RETRY_FIRST_MS; ; wait = Math.min(wait * 2, RETRY_MOST_MS)) {
      try {
        const enrolled = await session.live()
        signal.throwIfAborted()
        await this.#greetAgain(enrolled, forwarded, signal)
        let refused = false
        for await (const arrival of this.#post(enrolled, forwarded, signal)) {
          refused = arrival.status === 401 && !renewed
          if (refused) break
          yield arrival
        }
        if (!refused) return
        renewed = true
        session.drop(enrolled)
      } catch (error) {
        signal.throwIfAborted()
        // Whoever answers next may be another process than the one that was told.
        this.#greeted = undefined
        const unsent = error instanceof Fault && UNREACHED.has(error.code)
        if (!unsent || clock.monotonic() + wait > until) throw error
        await this.#pause(wait, signal)
      }
    }
  }

  #post(enrolled: Enrolled, forwarded: Forwarded, signal: AbortSignal): AsyncGenerator<Arrival> {
    const { message, body } = forwarded
    return exchange({
      url: `${enrolled.gateway}/mcp/${this.#parts.system}`,
      dispatcher: enrolled.holder.dispatcher(),
      headers: { ...headersOf(message, this.#negotiated), ...taskHeader(enrolled.task) },
      body,
      signal,
    })
  }

  #agreed(forwarded: Forwarded, result: JsonObject): void {
    const version = result['protocolVersion']
    this.#initialize = forwarded
    this.#negotiated = typeof version === 'string' ? version : undefined
  }

  /** The gateway keeps a client's capabilities with the instance: a new instance, or a new gateway, has to be told them. */
  async #greetAgain(enrolled: Enrolled, next: Forwarded, signal: AbortSignal): Promise<void> {
    const handshake = this.#initialize
    if (this.#greeted === enrolled) return
    this.#greeted = enrolled
    const legacy = envelopeVersion(next.message) === undefined
    if (handshake === undefined || !legacy || next.message.method === 'initialize') return
    for await (const { tree } of this.#post(enrolled, handshake, signal)) {
      if (isObject(tree['error'])) this.#parts.note('the gateway refused the handshake again')
    }
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const forget = this.#parts.timer.after(ms, resolve)
      signal.addEventListener('abort', () => (forget(), resolve()), { once: true })
    })
  }
}

/** Null is how a refusal names a request that it did not read. */
function answers(given: RpcId | null, id: RpcId | null): boolean {
  return given === null || given === id
}
