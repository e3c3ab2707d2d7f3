// Holds `/mcp/<system>`: every message of a client authenticated, its method looked up, its answer in its own era.

import type { IncomingHttpHeaders } from 'node:http'
import { emptyObject, MODERN_ERA, RPC, type RpcId } from '../../wire/mcp.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { Actor } from '../../wire/actor.ts'
import type { Presented } from '../../wire/presented.ts'
import type { SystemDefinition } from '../../wire/system.ts'
import { CallControl, CallEnd } from '../call.ts'
import type { CredentialRefusal } from '../credential/refusal.ts'
import { isDenial } from '../denial.ts'
import { GATEWAY_FAULTS, type GatewayCode } from '../faults.ts'
import type { Governor } from '../govern.ts'
import { personOf } from '../person.ts'
import type { Ports } from '../ports.ts'
import { authenticate } from '../steps/01-authenticate.ts'
import { admit } from '../steps/02-admit.ts'
import { lineageMark, unboundMark } from '../steps/06-record.ts'
import type { UpstreamPool } from '../upstream/pool.ts'
import { discoverResult, initializeResult, LIST_TTL_MS, modernResult } from './describe.ts'
import { readInbound, type Inbound } from './inbound.ts'
import { McpOperation } from './operation.ts'
import { withNamedTask } from './named-task.ts'
import type { McpReply } from './reply.ts'
import { denialError, toolsCall } from './tools-call.ts'
import { toolsList } from './tools-list.ts'

/** Instances whose `initialize` is remembered. */
const REMEMBERED = 10_000

/** One POST. */
export interface Exchange {
  /** What the request showed; its proof has been checked and used up. */
  readonly presented: Presented
  /** Where the request came from, for detectors. */
  readonly place: string
  /** The listener by which it came in, as policy names it. */
  readonly listener: string
  /** The values of WWW-Authenticate for a refusal of this request. */
  readonly challenge: (refusal: CredentialRefusal) => readonly string[]
  readonly system: string
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
  readonly reply: McpReply
  readonly control: CallControl
}

/** Serves the MCP of every system. Holds which call an id belongs to, and what 2025 clients said they can do. */
export class McpEndpoint {
  readonly #ports: Ports
  readonly #governor: Governor
  readonly #pool: UpstreamPool
  readonly #holdMs: number
  /** Calls that a `notifications/cancelled` may name: by instance, system and id. */
  readonly #running = new Map<string, Set<CallControl>>()
  /** Instances whose 2025 client opens addresses. */
  readonly #opensUrls = new Set<string>()

  constructor(ports: Ports, governor: Governor, pool: UpstreamPool, holdMs: number) {
    this.#holdMs = holdMs
    this.#pool = pool
    this.#ports = ports
    this.#governor = governor
    ports.identities.onGone((instance) => this.#opensUrls.delete(instance))
  }

  /** Answers one POST. Never throws for what a client sent. */
  async serve(exchange: Exchange): Promise<void> {
    const { reply } = exchange
    const actor = authenticate(exchange.presented, this.#ports)
    if (isDenial(actor) && actor.of === undefined) {
      reply.challenge(exchange.challenge({ refusedCredential: true, status: 401, ...actor }))
      return reply.error(null, denialError(actor, ''), 401)
    }
    // Whose credential is good is known, also where the task that they name is not theirs.
    const who = isDenial(actor) ? actor.of : actor
    if (who === undefined) throw new TypeError('refused, and then not')
    this.#ports.observe({
      kind: 'credential-used',
      at: this.#ports.clock.now(),
      instance: who.instance,
      agent: who.agent,
      place: exchange.place,
      credential: who.credential.id,
    })
    const inbound = readInbound(exchange.headers, exchange.body)
    if ('rejected' in inbound) {
      const { code, detail, data } = inbound
      const next = Object.hasOwn(GATEWAY_FAULTS, code)
        ? GATEWAY_FAULTS[code as GatewayCode].next
        : 'send one JSON-RPC message in strict JSON'
      const facts: JsonObject = { code, detail, next, ...(isObject(data) && data) }
      const message = `bailiwick: ${code}: ${detail}`
      await this.#recordRefusal(who, exchange.system, code, detail)
      return reply.error(inbound.id, { code: inbound.rpc, message, data: facts }, inbound.status)
    }
    const system = this.#ports.systems.get(exchange.system)
    const { message } = inbound
    if (message.kind === 'notification') {
      this.#onNotification(who, exchange, message.method, message.params)
      return reply.accepted()
    }
    if (system === undefined) {
      const detail = `no system \`${exchange.system.slice(0, 64)}\` is registered`
      await this.#recordRefusal(who, exchange.system, 'resolve.unknown_system', detail)
      return refuse(reply, message.id, 404, RPC.invalidParams, 'resolve.unknown_system', detail)
    }
    const presented = withNamedTask(exchange.presented, message.params)
    if (presented === undefined) {
      const detail = 'the header Bailiwick-Task and `_meta` name different tasks'
      await this.#recordRefusal(who, exchange.system, 'mcp.headers', detail)
      return refuse(reply, message.id, 400, RPC.headerMismatch, 'mcp.headers', detail)
    }
    return this.#onRequest(who, { ...exchange, presented }, inbound.era, message, system)
  }

  /** What an instance sent and nobody could take for a call is a denial as well (INV-2); a record that fails changes nothing. */
  async #recordRefusal(actor: Actor, system: string, code: string, reason: string): Promise<void> {
    const { agent, instance } = actor
    const person = personOf(actor)
    this.#ports.history.denied(actor, system.slice(0, 64), '')
    try {
      await this.#ports.audit.append({
        type: 'call.denied',
        phase: 'decision',
        agent,
        instance,
        ...(person !== undefined && { person }),
        system: system.slice(0, 64),
        body: { code, reason, ...unboundMark(actor), ...lineageMark(actor) },
      })
    } catch (error) {
      this.#ports.watch.note('record failed', { what: 'refusal', error: String(error) })
    }
  }

  async #onRequest(
    who: Actor,
    exchange: Exchange,
    era: Inbound['era'],
    message: Extract<Inbound['message'], { kind: 'request' }>,
    system: SystemDefinition,
  ): Promise<void> {
    const { reply } = exchange
    const modern = era === MODERN_ERA
    // A call is judged by the spine, with its task.
    if (message.method === 'tools/call') return this.#onCall(who, exchange, era, message, system)
    const actor = authenticate(exchange.presented, this.#ports)
    if (isDenial(actor)) {
      await this.#recordRefusal(who, system.name, actor.code, actor.detail)
      return reply.error(message.id, denialError(actor, ''))
    }
    // Everything else tells about a system: nobody who is locked is told.
    const locked = admit(actor, system.name, '', this.#ports)
    if (locked !== undefined) return reply.error(message.id, denialError(locked, ''))
    switch (message.method) {
      case 'tools/list': {
        const list = toolsList(actor, system, this.#ports)
        const cached = { ...list, ttlMs: LIST_TTL_MS, cacheScope: 'private' }
        return reply.result(message.id, modern ? modernResult(system, cached) : list)
      }
      case 'ping':
        return modern ? unknown(reply, message, 404) : reply.result(message.id, emptyObject())
      case 'server/discover':
        return modern
          ? reply.result(message.id, discoverResult(system))
          : unknown(reply, message, 200)
      case 'initialize':
        if (modern) return unknown(reply, message, 404)
        this.#remember(actor, message.params['capabilities'])
        return reply.result(message.id, initializeResult(system, message.params))
      default:
        return unknown(reply, message, modern ? 404 : 200)
    }
  }

  async #onCall(
    actor: Actor,
    exchange: Exchange,
    era: Inbound['era'],
    message: Extract<Inbound['message'], { kind: 'request' }>,
    system: SystemDefinition,
  ): Promise<void> {
    const { reply, control } = exchange
    reply.expectDelay()
    const key = runningKey(actor, system.name, message.id)
    const running = this.#running.get(key) ?? new Set()
    this.#running.set(key, running.add(control))
    try {
      const answer = await toolsCall(
        {
          presented: exchange.presented,
          network: { listener: exchange.listener, address: exchange.place },
          system,
          era,
          params: message.params,
          traceparent: exchange.headers['traceparent'],
          control,
          reply,
          holdMs: this.#holdMs,
          opensUrls: this.#opensUrls.has(actor.instance),
        },
        this.#governor,
        new McpOperation(this.#pool, this.#ports),
      )
      if ('result' in answer) reply.result(message.id, answer.result)
      else {
        const { scheme } = exchange.presented.token ?? {}
        if (answer.insufficient !== undefined && scheme !== undefined) {
          const refusal = { ...answer.insufficient, scheme }
          reply.challenge(exchange.challenge(refusal))
        }
        if (answer.retryAfterMs !== undefined) reply.retryAfter(answer.retryAfterMs)
        reply.error(message.id, answer.error, answer.insufficient?.status ?? answer.status ?? 200)
      }
    } finally {
      running.delete(control)
      if (running.size === 0) this.#running.delete(key)
    }
  }

  #onNotification(actor: Actor, exchange: Exchange, method: string, params: JsonObject): void {
    const id = params['requestId']
    if (method !== 'notifications/cancelled') return
    if (typeof id !== 'string' && typeof id !== 'number') return
    const named = this.#running.get(runningKey(actor, exchange.system, id))
    for (const control of named ?? []) {
      control.end(new CallEnd('call.cancelled', 'the client cancelled the call'))
    }
  }

  #remember(actor: Actor, capabilities: Json | undefined): void {
    const elicitation = isObject(capabilities) ? capabilities['elicitation'] : undefined
    const opens = isObject(elicitation) && isObject(elicitation['url'])
    if (opens && this.#opensUrls.size < REMEMBERED) this.#opensUrls.add(actor.instance)
    else this.#opensUrls.delete(actor.instance)
  }
}

function runningKey(actor: Actor, system: string, id: RpcId): string {
  return `${actor.instance} ${system} ${typeof id} ${id}`
}

/** A 2025 client takes HTTP 404 for the end of a session: only 2026-07-28 gets the status that its revision asks for. */
function unknown(
  reply: McpReply,
  message: { readonly id: RpcId; readonly method: string },
  status: number,
): void {
  const detail = `the method ${JSON.stringify(message.method.slice(0, 64))} is not served here`
  refuse(reply, message.id, status, RPC.methodNotFound, 'mcp.method', detail)
}

function refuse(
  reply: McpReply,
  id: RpcId,
  status: number,
  rpc: number,
  code: GatewayCode,
  detail: string,
): void {
  const { next } = GATEWAY_FAULTS[code]
  reply.error(
    id,
    { code: rpc, message: `bailiwick: ${code}: ${detail}`, data: { code, detail, next } },
    status,
  )
}
