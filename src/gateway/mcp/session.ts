// Holds one session of a 2025-11-25 client: what it can be asked, where it is told of things, and which questions it has open.

import type { ServerResponse } from 'node:http'
import { base64url, sha256 } from '../../std/bytes.ts'
import type { JsonObject } from '../../std/json.ts'
import type { RpcId, RpcMessage } from '../../wire/mcp.ts'
import type { Presented } from '../../wire/presented.ts'
import { gatewayFault } from '../faults.ts'
import type { AskAnswer, AskRequests, Front } from '../upstream/front.ts'
import { ANSWER_MS, cannotAsk } from './asks.ts'
import { isTold } from './log-level.ts'
import type { Naming } from './naming.ts'
import { outwardNotice } from './outward.ts'
import type { McpReply } from './reply.ts'
import { EventStream } from './stream.ts'

/** Questions that one session has open at once. */
const OPEN_QUESTIONS = 64

/** What a session is begun with. */
export interface SessionTerms {
  /** Unguessable. */
  readonly id: string
  readonly owner: string
  readonly instance: string
  /** What the endpoint leads to: the name of a system, or nothing for all of them. */
  readonly door: string
  readonly version: string
  /** Already cut to what is passed on. */
  readonly capabilities: JsonObject
  readonly presented: Presented
  /** Makes the id of a question that nobody can guess. */
  readonly questionId: () => string
  /** Whether the client of this session may still be told about a system. */
  readonly mayHear: (presented: Presented, system: string) => boolean
}

/** One session. Owned by `Sessions`, which ends it. */
export class ClientSession {
  readonly terms: SessionTerms
  /** The task that it has worked on; a request for another is not of this session. */
  task: string | undefined
  /** Monotonic ms of the last request. */
  lastUsed = 0
  /** The program that its client said it is; unknown since a restart. */
  client: string | undefined
  logLevel: string | undefined
  /** What its newest request showed. */
  presented: Presented
  #stream: EventStream | undefined
  readonly #replies = new Set<McpReply>()
  readonly #questions = new Map<RpcId, (answer: AskAnswer) => void>()
  readonly #over = new AbortController()

  constructor(terms: SessionTerms) {
    this.terms = terms
    this.mark = base64url(sha256(terms.id)).slice(0, 22)
    this.presented = terms.presented
  }

  /** Digest of its id, for records: the id itself is for its caller alone. */
  readonly mark: string

  /** Opens the stream on which it is told of what belongs to no request; one that was open before ends. */
  listen(response: ServerResponse): void {
    this.#stream?.end()
    const stream = new EventStream(response, () => {
      if (this.#stream === stream) this.#stream = undefined
    })
    this.#stream = stream
  }

  /** True while somebody listens, or waits for an answer. */
  get active(): boolean {
    return this.#stream !== undefined || this.#replies.size > 0
  }

  /** What the upstream side needs to know of this session for one system; `reply` is that of the request at hand. */
  front(system: string, names: Naming, reply: McpReply | undefined): Front {
    const { terms } = this
    return {
      key: terms.id,
      era: '2025-11-25',
      capabilities: terms.capabilities,
      logLevel: this.logLevel,
      ask: (requests, signal) => this.#ask(requests, signal, reply),
      notify: (method, params) => {
        if (!isTold(method, params, this.logLevel)) return
        if (terms.mayHear(this.presented, system))
          this.#tell(method, outwardNotice(method, params, names))
      },
    }
  }

  /** Keeps a request's reply in mind while it is open: what belongs to no request may go ahead of its answer. */
  answering(reply: McpReply): () => void {
    this.#replies.add(reply)
    return () => this.#replies.delete(reply)
  }

  #tell(method: string, params: JsonObject): void {
    const hasParams = Object.keys(params).length > 0
    if (this.#stream?.send({ jsonrpc: '2.0', method, ...(hasParams && { params }) }) === true)
      return
    for (const reply of this.#replies) return reply.notify(method, params)
  }

  async #ask(
    requests: AskRequests,
    signal: AbortSignal,
    reply: McpReply | undefined,
  ): Promise<Readonly<Record<string, AskAnswer>>> {
    const why = cannotAsk(this.terms.capabilities, requests)
    if (why !== undefined) throw gatewayFault('mcp.cannot_ask', `the system asks for ${why}`)
    const asked = Object.entries(requests).map(
      async ([key, { method, params }]) =>
        [key, await this.#question(method, params, signal, reply)] as const,
    )
    return Object.fromEntries(await Promise.all(asked))
  }

  #question(
    method: string,
    params: JsonObject,
    signal: AbortSignal,
    reply: McpReply | undefined,
  ): Promise<AskAnswer> {
    if (this.#questions.size >= OPEN_QUESTIONS) {
      throw gatewayFault('mcp.cannot_ask', 'this client has too many questions open')
    }
    const id = this.terms.questionId()
    const ends = AbortSignal.any([signal, this.#over.signal])
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer)
        ends.removeEventListener('abort', onEnd)
        this.#questions.delete(id)
      }
      const onEnd = (): void => {
        done()
        this.#tell('notifications/cancelled', { requestId: id, reason: 'the call is over' })
        reject(ends.reason as Error)
      }
      const timer = setTimeout(() => {
        done()
        reject(gatewayFault('mcp.cannot_ask', `the client did not answer within ${ANSWER_MS} ms`))
      }, ANSWER_MS)
      ends.addEventListener('abort', onEnd)
      this.#questions.set(id, (answer) => {
        done()
        resolve(answer)
      })
      if (ends.aborted) return onEnd()
      const sent =
        reply?.ask(id, method, params) === true ||
        this.#stream?.send({ jsonrpc: '2.0', id, method, params }) === true
      if (sent) return
      done()
      reject(
        gatewayFault('mcp.cannot_ask', 'the client takes no stream on which it could be asked'),
      )
    })
  }

  /** Takes an answer of the client. What answers no open question of this very session is dropped. */
  answer(message: Extract<RpcMessage, { kind: 'result' | 'error' }>): void {
    if (message.id === null) return
    const settle = this.#questions.get(message.id)
    if (message.kind === 'result') settle?.({ kind: 'result', result: message.result })
    else settle?.({ kind: 'error', error: message.error })
  }

  /** Ends what is open: questions fail, the stream closes. */
  end(): void {
    this.#over.abort(gatewayFault('mcp.session', 'the session has ended'))
    this.#stream?.end()
  }
}
