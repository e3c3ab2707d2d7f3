// Holds what MCP does with a call that may go out: one request of the protocol, in the conversation that belongs to its caller.

import { isObject, type JsonObject } from '../../std/json.ts'
import type { RpcError } from '../../wire/mcp.ts'
import { traceContextOf } from '../../wire/trace.ts'
import { deny, isDenial, type Denial } from '../denial.ts'
import type { Equipment } from '../equipment.ts'
import type { GivenLately } from '../given.ts'
import { openInspection, type Inspection } from '../inspect/inspection.ts'
import type { Answered, Operation, Permit, Sending } from '../operation.ts'
import type { SurfacePorts } from '../ports.ts'
import { inspect } from '../steps/09-inspect.ts'
import type { Conversation, UpstreamAnswer } from '../upstream/conversation.ts'
import { paramHeaders } from './param-headers.ts'
import type { Front } from '../upstream/front.ts'
import type { UpstreamPool } from '../upstream/pool.ts'

/** Errors whose `data` a client needs to understand them: a capability that is missing, a resource that is not there. */
const TELLING = [-32_021, -32_602, -32_002]
/** An error that has the client open addresses: those are for `elicitation/create` alone, which policy decides. */
const OPENS_ADDRESSES = -32_042

/** How a request is made. */
export interface McpRequest {
  /** Of the protocol; its params are the input of the call. `tools/call`: the action is the tool, the input its arguments. */
  readonly method: string
  /** What `tools/call` asks of the task that it is to run as (2025-11-25); absent: it is to answer itself. */
  readonly task?: JsonObject | undefined
  /** The client, as far as the system may ask it and tell it things; absent: not at all. */
  readonly front?: Front | undefined
  /** Where it is noted that the caller was given a question of the system. */
  readonly given?: Pick<GivenLately, 'note'>
  /** Told of the log messages that belong to this request. */
  readonly onNotification?: ((method: string, params: JsonObject) => void) | undefined
}

const TOOLS_CALL: McpRequest = { method: 'tools/call' }

/** One request to an MCP server. */
export class McpOperation implements Operation<UpstreamAnswer> {
  readonly #pool: UpstreamPool
  readonly #ports: Pick<SurfacePorts, 'effects'>
  readonly #asked: McpRequest
  #conversation: Conversation | undefined
  #inspection: Inspection | undefined
  #equipment: Equipment | undefined

  constructor(
    pool: UpstreamPool,
    ports: Pick<SurfacePorts, 'effects'>,
    asked: McpRequest = TOOLS_CALL,
  ) {
    this.#pool = pool
    this.#ports = ports
    this.#asked = asked
  }

  async ready(call: Permit, equipment: Equipment): Promise<Denial | undefined> {
    const { actor, action, request, system } = call
    const conversation = await this.#pool.acquire(actor, system, equipment, this.#asked.front)
    if (!(await conversation.stillIs(action, request.input))) {
      return deny(
        'resolve.definition_changed',
        `${system.name} now defines \`${action.name}\` differently from what was pinned`,
      )
    }
    this.#conversation = conversation
    this.#equipment = equipment
    return undefined
  }

  async send(call: Permit, sending: Sending): Promise<UpstreamAnswer> {
    const conversation = this.#conversation
    const equipment = this.#equipment
    if (conversation === undefined || equipment === undefined) {
      throw new TypeError('sent before it was made ready')
    }
    // Now, and no sooner: what is asked of the answer may have grown since it was made ready.
    const inspection = (this.#inspection = openInspection(call, equipment))
    const { front, method, onNotification } = this.#asked
    const { onProgress } = call.request
    const answer = await conversation.request(method, this.#params(call), {
      ...sending,
      equipment,
      ...(front !== undefined && { front: this.#noting(front, call), logLevel: front.logLevel }),
      ...(method === 'tools/call' && { headers: paramHeaders(call.action, call.request.input) }),
      onProgress:
        onProgress &&
        ((told) => {
          const seen = inspection.note(told)
          if (seen !== undefined && sending.mayPass()) onProgress(seen)
        }),
      ...(onNotification !== undefined && {
        onNotification: (name: string, told: JsonObject) => {
          const seen = inspection.note(told)
          if (seen !== undefined && sending.mayPass()) onNotification(name, seen)
        },
      }),
    })
    if (!sending.mayPass()) throw sending.signal.reason
    return this.#untraced(answer, call)
  }

  /** What a system asked, and was answered, may set off the next call of whoever was asked. */
  #noting(front: Front, { id, actor }: Permit): Front {
    const { given } = this.#asked
    if (given === undefined) return front
    return {
      ...front,
      ask: async (requests, signal) => {
        const answers = await front.ask(requests, signal)
        given.note(actor.instance, { by: 'system', call: id })
        return answers
      },
    }
  }

  #params({ action, request: { input } }: Permit): JsonObject {
    const { method, task } = this.#asked
    if (method !== 'tools/call') return input
    return { name: action.name, arguments: input, ...(task !== undefined && { task }) }
  }

  inspect(
    answer: UpstreamAnswer,
    call: Permit,
    equipment: Equipment,
  ): Answered<UpstreamAnswer> | Denial {
    const inspection = (this.#inspection ??= openInspection(call, equipment))
    const value = this.#looked(answer, call, inspection)
    if (isDenial(value)) return value
    const { facts, labels } = inspection.passed()
    if (value.kind === 'error') {
      const said = { ...facts, rpc_code: value.error.code, executed: 'unknown' }
      return { value, status: 'upstream_error', facts: said, labels }
    }
    const status = value.result['isError'] === true ? 'tool_error' : 'ok'
    return { value, status, facts: { ...facts, executed: 'yes' }, labels, result: value.result }
  }

  #looked(answer: UpstreamAnswer, call: Permit, inspection: Inspection): UpstreamAnswer | Denial {
    const told = answer.kind === 'error' ? errorData(answer.error, inspection) : undefined
    if (answer.kind === 'result' && !isToolResult(this.#asked.method, answer.result)) {
      if (answer.result['resultType'] === 'input_required') {
        return deny('upstream.asks_input', 'the system asks for input before it answers')
      }
      const looked = inspection.tree(answer.result)
      return isDenial(looked) ? looked : { kind: 'result', result: looked.value }
    }
    const value = inspect(answer, call, inspection)
    if (isDenial(value) || value.kind === 'result') return value
    const { code } = value.error
    const error = { ...value.error, code: code === OPENS_ADDRESSES ? -32_603 : code }
    return { kind: 'error', error: { ...error, ...(told !== undefined && { data: told }) } }
  }

  passed(): Pick<Answered<UpstreamAnswer>, 'facts' | 'labels'> {
    return this.#inspection?.passed() ?? { facts: {} }
  }

  /**
   * An answer without the trace that it names: that is ours, and an agent that knew it could make this action look as if it set off
   * others.
   */
  #untraced(answer: UpstreamAnswer, call: Permit): UpstreamAnswer {
    const meta = answer.kind === 'result' ? answer.result['_meta'] : undefined
    if (answer.kind !== 'result' || !isObject(meta)) return answer
    const { traceparent, tracestate, ...rest } = meta
    if (traceparent === undefined && tracestate === undefined) return answer
    const trace = traceContextOf(traceparent, tracestate)
    if (trace !== undefined) this.#ports.effects.arrived(trace, call.system.name, call.action.name)
    const { _meta, ...result } = answer.result
    const kept: JsonObject = Object.keys(rest).length === 0 ? result : { ...result, _meta: rest }
    return { kind: 'result', result: kept }
  }
}

/** False for the result of another method, and for the task that a tool runs as in place of its result. */
function isToolResult(method: string, result: JsonObject): boolean {
  if (method !== 'tools/call') return false
  const begun = isObject(result['task']) || result['resultType'] === 'task'
  return !begun || result['content'] !== undefined
}

/** What an error says besides, looked at; undefined where it says nothing that helps. */
function errorData({ code, data }: RpcError, inspection: Inspection): JsonObject | undefined {
  if (!TELLING.includes(code) || !isObject(data)) return undefined
  return inspection.note(data)
}
