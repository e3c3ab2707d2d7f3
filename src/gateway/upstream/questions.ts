// Holds the questions that a system asks by a request of its own (MCP 2025-11-25): few at once, decided first, and always answered.

import { Fault } from '../../std/fault.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import { emptyObject, RPC, type RpcError } from '../../wire/mcp.ts'
import type { Equipment } from '../equipment.ts'
import { gatewayFault } from '../faults.ts'
import type { Asks } from './asks.ts'
import type { Pending, RequestOptions } from './exchange.ts'
import type { AskAnswer, AskRequests, Front } from './front.ts'

/** Questions of a system that wait at once. */
const ASKED_AT_ONCE = 16
/** How long one may wait that belongs to no request (ms). */
const ALONE_MS = 30_000

/** What a conversation hears what is asked with. */
export interface Audience {
  readonly front: Front | undefined
  readonly equipment: Equipment
}

/** The questions of one conversation. Owned by it. */
export class Questions {
  readonly #asks: Asks | undefined
  #waiting = 0

  constructor(asks: Asks | undefined) {
    this.#asks = asks
  }

  /** The members of the response to one; `own` is the request that it belongs to, where there is one. Never rejects. */
  async answer(
    method: string,
    params: JsonObject,
    own: Pending | undefined,
    audience: Audience,
  ): Promise<JsonObject> {
    if (this.#asks === undefined || this.#waiting >= ASKED_AT_ONCE) {
      return refused('nobody is there to ask')
    }
    this.#waiting++
    try {
      const signal = own === undefined ? AbortSignal.timeout(ALONE_MS) : signalOf(own.options)
      const front = own?.options.front ?? audience.front
      const { secrets } = own?.options.equipment ?? audience.equipment
      const answers = await this.#asks.put({ ask: { method, params } }, front, signal, secrets)
      const { ask } = answers
      return ask === undefined ? refused('nobody answered') : said(ask)
    } catch (error) {
      return refused(
        error instanceof Fault ? error.detail : 'the call that it belongs to has ended',
      )
    } finally {
      this.#waiting--
    }
  }
}

/** A system's requests, as far as they are any. */
export function readRequests(tree: Json | undefined): AskRequests {
  if (!isObject(tree)) return {}
  const out: Record<string, { method: string; params: JsonObject }> = {}
  for (const [key, one] of Object.entries(tree).slice(0, ASKED_AT_ONCE)) {
    if (!isObject(one) || typeof one['method'] !== 'string') {
      throw gatewayFault('upstream.bad_answer', 'the system asks for input in a way that is none')
    }
    const { method, params } = one
    out[key] = { method, params: isObject(params) ? params : emptyObject() }
  }
  return out
}

/** What ends a request. */
export function signalOf({ signal, timeoutMs }: RequestOptions): AbortSignal {
  return signal ?? AbortSignal.timeout(timeoutMs)
}

function said(answer: AskAnswer): JsonObject {
  return answer.kind === 'result' ? { result: answer.result } : { error: rpcError(answer.error) }
}

function refused(why: string): JsonObject {
  const message = `bailiwick refuses this request of a system: ${why}`
  return { error: { code: RPC.methodNotFound, message } }
}

function rpcError({ code, message, data }: RpcError): JsonObject {
  return { code, message, ...(data !== undefined && { data }) }
}
