// Holds what MCP does with a call that may go out: one request of the protocol, in the conversation that belongs to its caller.

import { isObject, type JsonObject } from '../../std/json.ts'
import { traceIdOf } from '../../wire/trace.ts'
import type { Call } from '../call.ts'
import { deny, isDenial, type Denial } from '../denial.ts'
import type { Equipment } from '../equipment.ts'
import type { Answered, Operation, Sending } from '../operation.ts'
import type { Ports } from '../ports.ts'
import { cutSecrets, inspect, secretForms } from '../steps/09-inspect.ts'
import type { UpstreamPool } from '../upstream/pool.ts'
import type { UpstreamAnswer, UpstreamSession } from '../upstream/session.ts'

/** One request to an MCP server. */
export class McpOperation implements Operation<UpstreamAnswer> {
  readonly #pool: UpstreamPool
  readonly #ports: Pick<Ports, 'effects'>
  #session: UpstreamSession | undefined
  #forms: readonly string[] = []

  constructor(pool: UpstreamPool, ports: Pick<Ports, 'effects'>) {
    this.#pool = pool
    this.#ports = ports
  }

  async ready(call: Call, equipment: Equipment): Promise<Denial | undefined> {
    const session = await this.#pool.acquire(call.actor, call.system, equipment)
    if (!(await session.stillIs(call.action))) {
      return deny(
        'resolve.definition_changed',
        `${call.system.name} now defines \`${call.action.name}\` differently from what was pinned`,
      )
    }
    this.#session = session
    this.#forms = call.request.onProgress === undefined ? [] : secretForms(equipment.secrets)
    return undefined
  }

  async send(call: Call, { signal, timeoutMs, traceparent }: Sending): Promise<UpstreamAnswer> {
    const session = this.#session
    if (session === undefined) throw new TypeError('sent before it was made ready')
    const { onProgress, input } = call.request
    const params = { name: call.action.name, arguments: input }
    const answer = await session.request('tools/call', params, {
      signal,
      timeoutMs,
      traceparent,
      onProgress: onProgress && ((told) => onProgress(cutSecrets(told, this.#forms))),
    })
    return this.#untraced(answer, call)
  }

  inspect(
    answer: UpstreamAnswer,
    _call: Call,
    { secrets }: Equipment,
  ): Answered<UpstreamAnswer> | Denial {
    const value = inspect(answer, secrets)
    if (isDenial(value)) return value
    if (value.kind === 'error') {
      const facts = { rpc_code: value.error.code, executed: 'unknown' }
      return { value, status: 'upstream_error', facts }
    }
    const status = value.result['isError'] === true ? 'tool_error' : 'ok'
    return { value, status, facts: { executed: 'yes' } }
  }

  /**
   * An answer without the trace that it names: that is ours, and an agent that knew it could make this action look as if it set off
   * others.
   */
  #untraced(answer: UpstreamAnswer, call: Call): UpstreamAnswer {
    const meta = answer.kind === 'result' ? answer.result['_meta'] : undefined
    if (answer.kind !== 'result' || !isObject(meta)) return answer
    const { traceparent, tracestate, ...rest } = meta
    if (traceparent === undefined && tracestate === undefined) return answer
    const trace = traceIdOf(traceparent)
    if (trace !== undefined) this.#ports.effects.arrived(trace, call.system.name, call.action.name)
    const { _meta, ...result } = answer.result
    const kept: JsonObject = Object.keys(rest).length === 0 ? result : { ...result, _meta: rest }
    return { kind: 'result', result: kept }
  }
}
