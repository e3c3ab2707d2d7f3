// Holds `/mcp` and `/mcp/<system>`: every message of a client authenticated, its method looked up, its answer in its own era.

import type { IncomingHttpHeaders } from 'node:http'
import { isObject, type JsonObject } from '../../std/json.ts'
import { MODERN_ERA, RPC, type RpcId } from '../../wire/mcp.ts'
import type { Actor } from '../../wire/actor.ts'
import type { McpEra } from '../../wire/system.ts'
import { CallEnd, type CallControl } from '../call.ts'
import { isDenial } from '../denial.ts'
import { GATEWAY_FAULTS, type GatewayCode } from '../faults.ts'
import type { Governing } from '../governing.ts'
import type { SurfacePorts } from '../ports.ts'
import { problem } from '../problem.ts'
import { authenticate, UNKNOWABLE } from '../steps/01-authenticate.ts'
import { admit } from '../steps/02-admit.ts'
import type { UpstreamPool } from '../upstream/pool.ts'
import { denialError, type CallAnswer } from './call-answer.ts'
import { Cursors } from './cursor.ts'
import { joinedDoor, ownDoor, type Door } from './door.ts'
import { readInbound, type Inbound, type Rejection } from './inbound.ts'
import { Listeners } from './listeners.ts'
import { methodOf } from './methods.ts'
import { withNamedTask } from './named-task.ts'
import { ownerOf } from './owner.ts'
import { Parking } from './parking.ts'
import { Remembered } from './remembered.ts'
import type { ClientSession } from './session.ts'
import { Sessions } from './sessions.ts'
import { TaskBook } from './task-book.ts'
import type { Exchange, MethodParts, Turn } from './turn.ts'

type Request = Extract<Inbound['message'], { kind: 'request' }>

/** Serves the MCP of every system. Holds which call an id belongs to, and everything that lasts longer than a request. */
export class McpEndpoint {
  readonly #ports: SurfacePorts
  readonly #parts: MethodParts
  readonly #joined: Door
  readonly #remembered: Remembered
  /** Calls that a `notifications/cancelled` may name: by instance, session, endpoint and id. */
  readonly #running = new Map<string, Set<CallControl>>()

  constructor(ports: SurfacePorts, governor: Governing, pool: UpstreamPool, holdMs: number) {
    this.#ports = ports
    this.#joined = joinedDoor(ports)
    const remembered = new Remembered(ports)
    this.#remembered = remembered
    this.#parts = {
      ports,
      governor,
      pool,
      sessions: new Sessions(ports, governor, (id) => pool.endFront(id)),
      parking: new Parking(ports.entropy),
      listeners: new Listeners(ports, governor),
      cursors: new Cursors(ports.entropy),
      tasks: new TaskBook(ports.clock),
      holdMs,
      opensUrls: (instance) => remembered.opensUrls(instance),
      remember: (instance, capabilities) => remembered.note(instance, capabilities),
    }
  }

  /** Ends everything that lasts longer than a request. */
  close(): void {
    const { listeners, parking, sessions } = this.#parts
    this.#remembered.close()
    parking.close()
    listeners.close()
    sessions.close()
  }

  /** Answers one POST. Never throws for what a client sent. */
  async serve(exchange: Exchange): Promise<void> {
    const { reply } = exchange
    const who = this.#enter(exchange)
    if (who === undefined) return
    const inbound = readInbound(exchange.headers, exchange.body)
    if ('rejected' in inbound) return this.#reject(exchange, inbound)
    const { message } = inbound
    const session = this.#sessionOf(who, exchange, inbound)
    if (session === 'none') {
      await this.#turnedAway(exchange, exchange.system, 'mcp.session', 'there is no such session')
      return this.#noSession(exchange, message.kind === 'request' ? message.id : null)
    }
    if (message.kind === 'result' || message.kind === 'error') {
      session?.answer(message)
      return reply.accepted()
    }
    if (message.kind === 'notification') {
      this.#onNotification(who, exchange, message.method, message.params)
      return reply.accepted()
    }
    const system = exchange.system === '' ? undefined : this.#ports.systems.get(exchange.system)
    if (system === undefined && exchange.system !== '') {
      const detail = `no system \`${exchange.system.slice(0, 64)}\` is registered`
      await this.#turnedAway(exchange, exchange.system, 'resolve.unknown_system', detail)
      return refuse(exchange, message.id, 404, RPC.invalidParams, 'resolve.unknown_system', detail)
    }
    const presented = withNamedTask(exchange.presented, message.params)
    if (presented === undefined) {
      const detail = 'the header Bailiwick-Task and `_meta` name different tasks'
      await this.#turnedAway(exchange, exchange.system, 'mcp.headers', detail)
      return refuse(exchange, message.id, 400, RPC.headerMismatch, 'mcp.headers', detail)
    }
    if (presented !== exchange.presented) await this.#ports.identities.recognise(presented)
    const door = system === undefined ? this.#joined : ownDoor(system)
    return this.#onRequest(who, { ...exchange, presented }, inbound.era, message, door, session)
  }

  /** Opens the stream of a session: what belongs to no request is told on it (2025-11-25, GET). */
  listen(exchange: Exchange): void {
    const session = this.#ownSession(exchange)
    if (session !== undefined) session.listen(exchange.response)
  }

  /** Ends a session (2025-11-25, DELETE). */
  end(exchange: Exchange): void {
    const session = this.#ownSession(exchange)
    if (session === undefined) return
    this.#parts.sessions.leave(session)
    exchange.response.writeHead(204).end()
  }

  /** The session that a request without a message names; answers the request where there is none. */
  #ownSession(exchange: Exchange): ClientSession | undefined {
    const { headers, presented, response, system } = exchange
    const id = sessionIdOf(headers)
    if (id === undefined || headers['mcp-protocol-version'] === MODERN_ERA) {
      problem(response, 'http.method', 'only POST is served without a session')
      return undefined
    }
    const who = this.#enter(exchange)
    if (who === undefined) return undefined
    const session = this.#parts.sessions.find(id, who, presented, system)
    if (session === undefined) problem(response, 'mcp.session', 'there is no such session')
    return session
  }

  /** Whose credential is good is known, also where the task that they name is not theirs; nobody else gets further. */
  #enter(exchange: Exchange): Actor | undefined {
    const { reply } = exchange
    const actor = authenticate(exchange.presented, this.#ports)
    if (isDenial(actor) && actor.of === undefined) {
      if (actor.code === UNKNOWABLE) {
        reply.error(null, denialError(actor, ''), 503)
        return undefined
      }
      reply.challenge(exchange.challenge({ refusedCredential: true, status: 401, ...actor }))
      reply.error(null, denialError(actor, ''), 401)
      return undefined
    }
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
    return who
  }

  async #reject(exchange: Exchange, rejection: Rejection): Promise<void> {
    const { code, detail, data, id, rpc, status } = rejection
    const next = Object.hasOwn(GATEWAY_FAULTS, code)
      ? GATEWAY_FAULTS[code as GatewayCode].next
      : 'send one JSON-RPC message in strict JSON'
    const facts: JsonObject = { code, detail, next, ...(isObject(data) && data) }
    const message = `bailiwick: ${code}: ${detail}`
    await this.#turnedAway(exchange, exchange.system, code, detail)
    exchange.reply.error(id, { code: rpc, message, data: facts }, status)
  }

  /** What an instance sent and nobody could take for a call is a denial as well (INV-2). */
  #turnedAway(
    { presented }: Exchange,
    system: string,
    code: string,
    detail: string,
  ): Promise<void> {
    return this.#parts.governor.turnedAway({ presented, system }, { code, detail })
  }

  /** The session that a message of 2025-11-25 names; `none` where it names one that this caller does not have here. */
  #sessionOf(
    who: Actor,
    { headers, presented, system }: Exchange,
    { era, message }: Inbound,
  ): ClientSession | 'none' | undefined {
    const id = sessionIdOf(headers)
    if (id === undefined || era === MODERN_ERA) return undefined
    if (message.kind === 'request' && message.method === 'initialize') return undefined
    return this.#parts.sessions.find(id, who, presented, system) ?? 'none'
  }

  #noSession(exchange: Exchange, id: RpcId | null): void {
    const { next, status } = GATEWAY_FAULTS['mcp.session']
    const detail = 'there is no such session'
    const data = { code: 'mcp.session', detail, next }
    const message = `bailiwick: mcp.session: ${detail}; next: ${next}`
    exchange.reply.error(id, { code: RPC.invalidRequest, message, data }, status)
  }

  async #onRequest(
    who: Actor,
    exchange: Exchange,
    era: McpEra,
    { id, method: name, params }: Request,
    door: Door,
    session: ClientSession | undefined,
  ): Promise<void> {
    const { presented, reply } = exchange
    const method = methodOf(name, era)
    if (method === undefined) {
      await this.#turnedAway(exchange, door.name, 'mcp.method', 'the method is not served here')
      return unknown(exchange, id, name, era)
    }
    const { instance } = who
    const owner = ownerOf(who, presented)
    const turn: Turn = { exchange, door, era, id, method: name, params, owner, instance, session }
    // A call is judged by the spine, with its task.
    if (method.governed) {
      return this.#run(turn, () => method.answer(turn, this.#parts, who))
    }
    const actor = authenticate(presented, this.#ports)
    if (isDenial(actor)) {
      await this.#turnedAway(exchange, door.name, actor.code, actor.detail)
      return reply.error(id, denialError(actor, ''))
    }
    // Everything else tells about a system: nobody who is locked is told.
    const locked = admit(actor, door.name, '', this.#ports)
    if (locked !== undefined) {
      await this.#turnedAway(exchange, door.name, locked.code, locked.detail)
      return reply.error(id, denialError(locked, ''))
    }
    const { policy, systems } = this.#ports
    await policy.prepare(
      actor,
      door.name === '' ? systems.all().map((one) => one.name) : [door.name],
    )
    return this.#run(turn, () => method.answer(turn, this.#parts, actor))
  }

  async #run(
    turn: Turn,
    answering: () => CallAnswer | undefined | Promise<CallAnswer | undefined>,
  ): Promise<void> {
    const { exchange, id } = turn
    const { control, reply } = exchange
    reply.expectDelay()
    const key = runningKey(turn.instance, exchange, id)
    const running = this.#running.get(key) ?? new Set()
    this.#running.set(key, running.add(control))
    try {
      const answer = await answering()
      if (answer === undefined) return
      if ('result' in answer) return reply.result(id, answer.result)
      const { scheme } = exchange.presented.token ?? {}
      if (answer.insufficient !== undefined && scheme !== undefined) {
        reply.challenge(exchange.challenge({ ...answer.insufficient, scheme }))
      }
      if (answer.retryAfterMs !== undefined) reply.retryAfter(answer.retryAfterMs)
      reply.error(id, answer.error, answer.insufficient?.status ?? answer.status ?? 200)
    } finally {
      running.delete(control)
      if (running.size === 0) this.#running.delete(key)
    }
  }

  #onNotification(actor: Actor, exchange: Exchange, method: string, params: JsonObject): void {
    const id = params['requestId']
    if (method !== 'notifications/cancelled') return
    if (typeof id !== 'string' && typeof id !== 'number') return
    const named = this.#running.get(runningKey(actor.instance, exchange, id))
    for (const control of named ?? []) {
      control.end(new CallEnd('call.cancelled', 'the client cancelled the call'))
    }
  }
}

function sessionIdOf(headers: IncomingHttpHeaders): string | undefined {
  const id = headers['mcp-session-id']
  return typeof id === 'string' ? id : undefined
}

/** Ids are the client's own: those of one session say nothing in another. */
function runningKey(instance: string, { headers, system }: Exchange, id: RpcId): string {
  return JSON.stringify([instance, sessionIdOf(headers) ?? '', system, id])
}

/** A 2025 client takes HTTP 404 for the end of a session: only 2026-07-28 gets the status that its revision asks for. */
function unknown(exchange: Exchange, id: RpcId, method: string, era: McpEra): void {
  const detail = `the method ${JSON.stringify(method.slice(0, 64))} is not served here`
  const status = era === MODERN_ERA ? 404 : 200
  refuse(exchange, id, status, RPC.methodNotFound, 'mcp.method', detail)
}

function refuse(
  { reply }: Exchange,
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
