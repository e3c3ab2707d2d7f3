// Holds one `tools/call` of revision 2026-07-28 from its first request to its end, held or not.

import { setTimeout as pause } from 'node:timers/promises'
import { utf8 } from '../../std/bytes.ts'
import { Fault } from '../../std/fault.ts'
import { isObject, stringifyJson, type JsonObject } from '../../std/json.ts'
import { META, MODERN_ERA, RPC, rpcMessage, type RpcError } from '../../wire/mcp.ts'
import { VERSION } from '../../server/version.ts'
import type { Enrolled } from '../enrolment.ts'
import { headersOf, taskHeader } from '../mcp/envelope.ts'
import { exchange } from '../mcp/exchange.ts'
import { fault } from '../mcp/faults.ts'

/** A call that waits for a person. */
export interface HeldCall {
  /** Id of the approval. */
  readonly approval: string
  /** Where a person can read it. */
  readonly url: string
}

/** What a call is, and whom it tells. */
export interface OneCall {
  readonly system: string
  readonly action: string
  readonly input: JsonObject
  readonly signal: AbortSignal
  /** Told of every progress notification. */
  readonly onProgress: (params: JsonObject) => void
  /** Told of every approval that the call waits for; `before` is one that it waited for earlier. False gives up. */
  readonly onHeld: (held: HeldCall, before: HeldCall | undefined) => boolean | Promise<boolean>
}

const ID = 1
/** Between requests that join the same wait, should the gateway answer at once (ms). */
const BREATH_MS = 1_000

/** HTTP's words for JSON-RPC's numbers, as exit codes are found by them. */
const STATUS_OF: Readonly<Record<number, number>> = {
  [RPC.denied]: 403,
  [RPC.pending]: 202,
  [RPC.invalidParams]: 400,
  [RPC.upstream]: 502,
  [RPC.unavailable]: 503,
}

/** A refusal of a call, with the id under which the record has it. */
class CallFault extends Fault {
  readonly call: string | undefined

  constructor(words: Pick<Fault, 'code' | 'status' | 'next' | 'detail'>, call: string | undefined) {
    super(words.code, words, words.detail)
    this.call = call
  }
}

/** A JSON-RPC error as the fault that its data names. */
export function errorFault(error: RpcError): Fault {
  const data = isObject(error.data) ? error.data : {}
  const { code, detail, next, call } = data
  const named = typeof code === 'string' && typeof detail === 'string'
  if (!named) {
    const from = { status: 502, next: 'read what the system said' }
    return new Fault('upstream.error', from, `${error.message} (${error.code})`)
  }
  // A task that is not theirs is no matter of credentials: another one would not help.
  const credential = code.startsWith('authenticate.') && !/_task$|\.task_/.test(code)
  const status = credential ? 401 : (STATUS_OF[error.code] ?? 500)
  const after = typeof next === 'string' ? next : 'see the record: bailiwick audit tail'
  const id = typeof call === 'string' && call !== '' ? call : undefined
  return new CallFault({ code, status, next: after, detail }, id)
}

function held(result: JsonObject): HeldCall {
  const { requestState, inputRequests } = result
  const [request] = isObject(inputRequests) ? Object.values(inputRequests) : []
  const params = isObject(request) ? request['params'] : undefined
  const url = isObject(params) ? params['url'] : undefined
  if (typeof requestState !== 'string' || typeof url !== 'string') {
    throw fault('bridge.answer', 'the gateway asked for input of an unknown kind')
  }
  return { approval: requestState, url }
}

function body(call: OneCall, waiting: HeldCall | undefined): JsonObject {
  return {
    jsonrpc: '2.0',
    id: ID,
    method: 'tools/call',
    params: {
      name: call.action,
      arguments: call.input,
      _meta: {
        [META.version]: MODERN_ERA,
        [META.clientInfo]: { name: 'bailiwick', version: VERSION },
        // Whoever opens addresses is told at once that a call is held, and where.
        [META.clientCapabilities]: { elicitation: { url: {} } },
        progressToken: ID,
      },
      ...(waiting !== undefined && {
        requestState: waiting.approval,
        inputResponses: { approval: { action: 'accept' } },
      }),
    },
  }
}

async function ask(by: Enrolled, call: OneCall, tree: JsonObject): Promise<JsonObject> {
  const message = rpcMessage(tree)
  if (message?.kind !== 'request') throw new TypeError('a request of ours is none')
  const arrivals = exchange({
    url: `${by.gateway}/mcp/${call.system}`,
    dispatcher: by.holder.dispatcher(),
    headers: { ...headersOf(message, undefined), ...taskHeader(by.task) },
    body: utf8(stringifyJson(tree)),
    signal: call.signal,
  })
  for await (const { tree: arrived } of arrivals) {
    const read = rpcMessage(arrived)
    if (read?.kind === 'result') return read.result
    if (read?.kind === 'error') throw errorFault(read.error)
    if (read?.kind === 'notification' && read.method === 'notifications/progress') {
      call.onProgress(read.params)
    }
  }
  throw fault('bridge.lost', 'the gateway ended its answer early')
}

/**
 * Makes the call and waits for its end; a held one is asked for again until it is decided, unless `onHeld` gives up: then
 * undefined. Throws the fault that the gateway answered with.
 */
export async function oneCall(by: Enrolled, call: OneCall): Promise<JsonObject | undefined> {
  let waiting: HeldCall | undefined
  for (;;) {
    const result: JsonObject = await ask(by, call, body(call, waiting))
    if (result['resultType'] !== 'input_required') return result
    const now = held(result)
    if (waiting?.approval !== now.approval) {
      if (!(await call.onHeld(now, waiting))) return undefined
    } else await pause(BREATH_MS, undefined, { signal: call.signal })
    waiting = now
  }
}
