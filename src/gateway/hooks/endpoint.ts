// Holds the hooks of clients: what their built-in tools are about to do is a governed call that the client executes itself.

import { publicFault } from '../../std/fault.ts'
import { isObject, parseJson, type JsonObject } from '../../std/json.ts'
import type { Actor } from '../../wire/actor.ts'
import type { HookClient } from '../../wire/client.ts'
import { replyOf, type HookAnswer, type HookVerdict } from '../../wire/hook.ts'
import type { Presented } from '../../wire/presented.ts'
import type { CallControl, CallRequest } from '../call.ts'
import type { Denial } from '../denial.ts'
import { isDenial } from '../denial.ts'
import type { GatewayCode } from '../faults.ts'
import type { Governing } from '../governing.ts'
import { personOf } from '../person.ts'
import type { Ports } from '../ports.ts'
import type { HookEvent } from './event.ts'
import { READERS } from './readers.ts'
import { Uses } from './uses.ts'

/** One request of a hook, authenticated as every request of the gateway. */
export interface HookRequest {
  readonly client: HookClient
  readonly presented: Presented
  readonly network: NonNullable<CallRequest['network']>
  readonly body: Uint8Array
  readonly control: CallControl
}

type Before = Extract<HookEvent, { phase: 'before' }>
type After = Extract<HookEvent, { phase: 'after' }>

const UNREADABLE = 'hook.unreadable' satisfies GatewayCode

/** Ids of uses that can stand in a record. */
const HOOK_ID = /^[A-Za-z0-9._:-]{1,64}$/

/** The endpoint of every client. Whatever cannot be read, or goes wrong, is a denial. */
export class HookEndpoint {
  readonly #ports: Ports
  readonly #governor: Governing
  readonly #holdMs: number
  readonly #uses = new Uses()

  constructor(ports: Ports, governor: Governing, holdMs: number) {
    this.#ports = ports
    this.#governor = governor
    this.#holdMs = holdMs
  }

  /** Answers one hook. Never throws. */
  async serve(request: HookRequest): Promise<HookAnswer> {
    const verdict = await this.#verdict(request)
    return { ...verdict, reply: replyOf(request.client, verdict) }
  }

  async #verdict(request: HookRequest): Promise<HookVerdict> {
    const body = bodyOf(request.body)
    if (typeof body === 'string') return this.#turnAway(request, body)
    const event = READERS[request.client](body)
    if ('unreadable' in event) return this.#turnAway(request, event.unreadable)
    switch (event.phase) {
      case 'other':
        return { decision: 'none' }
      case 'before':
        return this.#before(request, event)
      case 'after':
        this.#after(request, event)
        return { decision: 'none' }
    }
  }

  /** Refuses what is no use of a tool, which whoever sent it has on record. */
  async #turnAway({ client, presented }: HookRequest, why: string): Promise<HookVerdict> {
    await this.#governor.turnedAway(
      { presented, system: client },
      { code: UNREADABLE, detail: 'a hook sent what is no use of a tool' },
    )
    return refused(why)
  }

  async #before(request: HookRequest, { tool, input, use }: Before): Promise<HookVerdict> {
    const { client, control, network, presented } = request
    // A name that another kind of system has taken is none of the client's tools.
    const system = this.#ports.systems.get(client)
    if (system !== undefined && system.transport.kind !== 'external') {
      const why = `\`${client}\` is another system, and not the tools of this client`
      return this.#turnAway(request, why)
    }
    const began = this.#ports.clock.monotonic()
    const concluded = await this.#governor.consider({
      presented,
      network,
      protocol: `hook ${client}`,
      ...(use !== undefined && HOOK_ID.test(use) && { said: { request: use } }),
      system: client,
      action: tool,
      input,
      elsewhere: true,
      control,
      leavingCancels: false,
      patienceMs: () => this.#holdMs,
    })
    switch (concluded.kind) {
      case 'denied':
        return { decision: 'deny', reason: reasonOf(concluded.denial, client) }
      case 'held': {
        const { url } = concluded.held.approval
        return {
          decision: 'deny',
          reason: `a person has to approve this: ${url}; then use the tool again in the same way`,
        }
      }
      case 'permitted':
        if (use !== undefined) {
          this.#uses.add(concluded.actor.instance, use, { permitted: concluded, began })
        }
        return { decision: 'allow' }
    }
  }

  /** Records how a use ended, as its client says. Told by whoever was permitted, or not at all. */
  #after({ client, presented }: HookRequest, { tool, use, failed }: After): void {
    const { audit, clock, watch } = this.#ports
    if (use === undefined) return
    const actor = this.#governor.stillAdmitted({ presented, system: client, action: tool })
    if (isDenial(actor)) return
    const found = this.#uses.take(actor.instance, use)
    if (found === undefined || found.permitted.action !== tool) return
    const { permitted, began } = found
    if (failed) this.#ports.history.failed(actor, permitted.system, permitted.action)
    audit
      .append(
        {
          type: 'call.outcome',
          phase: 'outcome',
          ref: permitted.intent,
          ...fieldsOf(permitted, actor),
          body: {
            status: failed ? 'tool_error' : 'ok',
            claimed_by: client,
            duration_ms: Math.round(clock.monotonic() - began),
          },
        },
        false,
      )
      .catch((error: unknown) => {
        const what = { what: 'outcome', call: permitted.call, error: String(error) }
        watch.note('record failed', what)
      })
  }
}

function fieldsOf(
  {
    action,
    call,
    system,
  }: { readonly action: string; readonly call: string; readonly system: string },
  actor: Actor,
) {
  const { agent, instance, task } = actor
  const person = personOf(actor)
  return {
    action,
    agent,
    call,
    instance,
    system,
    ...(person !== undefined && { person }),
    ...(task !== undefined && { task: task.id }),
  }
}

/** The tree of a body, or why there is none. What could be read in two ways is not read (INV-12). */
function bodyOf(bytes: Uint8Array): JsonObject | string {
  try {
    const tree = parseJson(bytes)
    return isObject(tree) ? tree : 'the hook sent no object'
  } catch (error) {
    return `what the hook sent cannot be read: ${publicFault(error).detail}`
  }
}

function refused(why: string): HookVerdict {
  return { decision: 'deny', reason: `bailiwick: ${why}` }
}

function reasonOf({ code, detail, next }: Denial, client: HookClient): string {
  const unknown = code === 'resolve.unknown_action' || code === 'resolve.unknown_system'
  const what = unknown ? `have a person run: bailiwick connect ${client} --hooks` : next
  return `bailiwick: ${code}: ${detail}; next: ${what}`
}
