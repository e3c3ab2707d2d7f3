// Holds one governed call of a 2026-07-28 client over as many requests as it takes: what the system asks goes out as `input_required`, and the answers come with the next request.

import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { CallControl } from '../call.ts'
import { gatewayFault } from '../faults.ts'
import type { AskAnswer, AskRequests, Front } from '../upstream/front.ts'
import { cannotAsk } from './asks.ts'
import type { CallAnswer } from './call-answer.ts'
import type { McpReply } from './reply.ts'

/** What a client says of itself with one request. */
export interface OpenCallTerms {
  readonly system: string
  readonly capabilities: JsonObject
  readonly logLevel: string | undefined
  /** Answers that came with the first request, before anything was asked. */
  readonly offered: Json | undefined
  readonly control: CallControl
  readonly notify: Front['notify']
  /** Keeps the call for the client to come back to; returns what it comes back with. A Fault where there is no room. */
  readonly park: (call: OpenCall) => string
}

type Answers = Readonly<Record<string, AskAnswer>>

/** What waits for the client. */
interface Question {
  readonly requests: AskRequests
  readonly resolve: (answers: Answers) => void
}

/** The answers that were given to what was asked; nothing else of what a client sends along. */
function given(responses: Json | undefined, requests: AskRequests): Answers {
  if (!isObject(responses)) return {}
  const answers: Record<string, AskAnswer> = {}
  for (const key of Object.keys(requests)) {
    const result = Object.hasOwn(responses, key) ? responses[key] : undefined
    if (isObject(result)) answers[key] = { kind: 'result', result }
  }
  return answers
}

/** One call. Owned by the requests that wait for it in turn, and by `Parking` in between. */
export class OpenCall {
  readonly terms: OpenCallTerms
  reply: McpReply
  #offered: Json | undefined
  #question: Question | undefined
  #asked: (() => void) | undefined
  #outcome: Promise<CallAnswer> | undefined

  constructor(terms: OpenCallTerms, reply: McpReply) {
    this.terms = terms
    this.reply = reply
    this.#offered = terms.offered
  }

  /** What the upstream side needs to know of the client. */
  get front(): Front {
    const { capabilities, logLevel, notify } = this.terms
    return {
      // Requests stand for themselves: what a caller may do with one, it may do with the next.
      key: 'requests',
      era: '2026-07-28',
      capabilities,
      logLevel,
      ask: (requests, signal) => this.#ask(requests, signal),
      notify,
    }
  }

  #ask(requests: AskRequests, signal: AbortSignal): Promise<Answers> {
    const why = cannotAsk(this.terms.capabilities, requests)
    if (why !== undefined) throw gatewayFault('mcp.cannot_ask', `the system asks for ${why}`)
    const early = given(this.#offered, requests)
    this.#offered = undefined
    if (Object.keys(early).length > 0) return Promise.resolve(early)
    if (this.#question !== undefined) {
      throw gatewayFault('mcp.cannot_ask', 'the system asks while it waits for an answer')
    }
    return new Promise((resolve, reject) => {
      const onEnd = (): void => {
        this.#question = undefined
        reject(signal.reason as Error)
      }
      if (signal.aborted) return onEnd()
      signal.addEventListener('abort', onEnd)
      this.#question = {
        requests,
        resolve: (answers) => {
          signal.removeEventListener('abort', onEnd)
          this.#question = undefined
          resolve(answers)
        },
      }
      this.#asked?.()
    })
  }

  /** Begins to wait for the call. */
  begin(outcome: Promise<CallAnswer>): Promise<CallAnswer> {
    this.#outcome = outcome
    return this.#next()
  }

  /** Goes on with what the client came back with, for a request of its own. */
  resume(reply: McpReply, responses: Json | undefined): Promise<CallAnswer> {
    this.reply = reply
    const question = this.#question
    if (question !== undefined) question.resolve(given(responses, question.requests))
    return this.#next()
  }

  /** Whichever comes first: the end of the call, or a question to the client. */
  async #next(): Promise<CallAnswer> {
    const outcome = this.#outcome
    if (outcome === undefined) throw new TypeError('waited for before it began')
    const asked = new Promise<undefined>((resolve) => {
      this.#asked = () => resolve(undefined)
      if (this.#question !== undefined) resolve(undefined)
    })
    const answer = await Promise.race([outcome, asked])
    this.#asked = undefined
    if (answer !== undefined) return answer
    const requests = this.#question?.requests
    // It ended in the very moment in which it asked.
    if (requests === undefined) return outcome
    const inputRequests = requests as JsonObject
    return {
      result: {
        resultType: 'input_required',
        ...(Object.keys(inputRequests).length > 0 && { inputRequests }),
        requestState: this.terms.park(this),
      },
    }
  }
}
