// Holds `/http/<system>/…`: every request read once into the tree that is decided, and the answer passed on.

import type { IncomingMessage } from 'node:http'
import { publicFault } from '../../std/fault.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Presented } from '../../wire/presented.ts'
import { saidInHeaders } from '../../wire/said.ts'
import { traceContextOf } from '../../wire/trace.ts'
import type { CallControl } from '../call.ts'
import { refuseCredential, type CredentialRefusal } from '../credential/refusal.ts'
import { isDenial, type Denial } from '../denial.ts'
import { gatewayFault } from '../faults.ts'
import type { Conclusion, Governing } from '../governing.ts'
import type { Network } from '../net/network.ts'
import type { SurfacePorts } from '../ports.ts'
import { authenticate, UNKNOWABLE } from '../steps/01-authenticate.ts'
import { admit } from '../steps/02-admit.ts'
import { acceptOf } from './accept.ts'
import { readRequestBody, type ReadBody } from './body-read.ts'
import { readFields, readPairs, readText } from './field.ts'
import { headerOnce, readHeaders } from './headers.ts'
import { HttpOperation, type HttpAnswer } from './operation.ts'
import { patienceOf } from './prefer.ts'
import type { HttpReply } from './reply.ts'
import { routerOf, type BoundAction, type Routed } from './router.ts'
import { statusOfCode } from './status.ts'
import { readTarget } from './target.ts'

/** How soon a held call may ask again (s): the wait itself is done by the request. */
const ASK_AGAIN_S = 5

/** One request. */
export interface HttpExchange {
  /** What the request showed; its proof has been checked and used up. */
  readonly presented: Presented
  /** Where the request came from, for detectors. */
  readonly place: string
  /** The listener by which it came in, as policy names it. */
  readonly listener: string
  /** The values of WWW-Authenticate for a refusal of this request. */
  readonly challenge: (refusal: CredentialRefusal) => readonly string[]
  readonly system: string
  readonly request: IncomingMessage
  readonly reply: HttpReply
  readonly control: CallControl
}

/** A request as it was read. */
interface Read {
  readonly action: BoundAction
  readonly input: JsonObject
  readonly body: ReadBody
}

/** Serves the HTTP APIs of every system. */
export class HttpEndpoint {
  readonly #ports: SurfacePorts
  readonly #governor: Governing
  readonly #network: Network
  readonly #holdMs: number

  constructor(ports: SurfacePorts, governor: Governing, network: Network, holdMs: number) {
    this.#ports = ports
    this.#governor = governor
    this.#network = network
    this.#holdMs = holdMs
  }

  /** Answers one request. Never throws for what a client or a system sent. */
  async serve(exchange: HttpExchange): Promise<void> {
    const { reply } = exchange
    const actor = authenticate(exchange.presented, this.#ports)
    // Whose credential is good is known, also where the task that they name is not theirs.
    const who = isDenial(actor) ? actor.of : actor
    if (who === undefined) {
      if (!isDenial(actor)) throw new TypeError('refused, and then not')
      if (actor.code === UNKNOWABLE) return this.#deny(actor, '', exchange)
      reply.set('www-authenticate', [
        ...exchange.challenge({ refusedCredential: true, status: 401, ...actor }),
      ])
      return reply.problem({ status: 401, ...actor })
    }
    this.#ports.observe({
      kind: 'credential-used',
      at: this.#ports.clock.now(),
      instance: who.instance,
      agent: who.agent,
      place: exchange.place,
      credential: who.credential.id,
    })
    // Nobody who is locked is told which operations there are.
    const locked = admit(who, exchange.system, '', this.#ports)
    if (locked !== undefined) {
      await this.#turnedAway(exchange, '', locked)
      return this.#deny(locked, '', exchange)
    }
    let routed: Routed | undefined
    let read: Read
    try {
      routed = this.#route(exchange)
      read = await readInput(exchange.request, routed)
    } catch (error) {
      const fault = publicFault(error)
      if (fault.code === 'internal') throw error
      await this.#turnedAway(exchange, routed?.action.name ?? '', fault)
      return reply.problem(fault)
    }
    return this.#call(exchange, read)
  }

  #turnedAway(
    { presented, system }: HttpExchange,
    action: string,
    denial: Pick<Denial, 'code' | 'detail'>,
  ): Promise<void> {
    return this.#governor.turnedAway({ presented, system, action }, denial)
  }

  /** The operation that a request is. Throws `http.target`, `resolve.unknown_system`, `http.no_operation`. */
  #route({ request, system: name }: HttpExchange): Routed {
    const target = readTarget(request.url ?? '')
    const system = this.#ports.systems.get(name)
    if (system?.transport.kind !== 'api') {
      throw gatewayFault(
        'resolve.unknown_system',
        `no HTTP API \`${name.slice(0, 64)}\` is registered`,
      )
    }
    const method = request.method ?? ''
    const routed = routerOf(system).find(method, target.segments)
    if (routed === undefined) {
      throw gatewayFault('http.no_operation', `${name} has no operation for this method and path`)
    }
    return routed
  }

  async #call(exchange: HttpExchange, { action, body, input }: Read): Promise<void> {
    const { control, presented, reply, request, system } = exchange
    const { headers } = request
    const trace = traceContextOf(headers['traceparent'], headers['tracestate'])
    const operation = new HttpOperation({
      network: this.#network,
      ports: this.#ports,
      reply,
      action,
      method: request.method === 'HEAD' ? 'HEAD' : action.http.method,
      accept: acceptOf(request.headers.accept, action.http.answers),
      body,
      boundary: () => `bailiwick-${Buffer.from(this.#ports.entropy.bytes(18)).toString('hex')}`,
    })
    const patience = patienceOf(request.headers['prefer'], this.#holdMs)
    const conclusion = await this.#governor.govern(
      {
        presented,
        network: { listener: exchange.listener, address: exchange.place },
        system,
        action: action.name,
        input,
        protocol: 'http',
        said: saidInHeaders(headers),
        ...(trace !== undefined && { trace }),
        ...(body.unbound && { unbound: 'its body is too large to be part of what is agreed to' }),
        control,
        leavingCancels: true,
        patienceMs: () => patience,
      },
      operation,
    )
    this.#tell(conclusion, exchange)
  }

  #tell(conclusion: Conclusion<HttpAnswer>, exchange: HttpExchange): void {
    const { reply } = exchange
    const { call } = conclusion
    switch (conclusion.kind) {
      case 'done': {
        const { value } = conclusion
        if (value.kind === 'failed') reply.problem(publicFault(value.fault), { call })
        return
      }
      case 'denied':
        return this.#deny(conclusion.denial, call, exchange)
      case 'held': {
        const { id, expiresAt, url } = conclusion.held.approval
        reply.set('retry-after', String(ASK_AGAIN_S))
        // Not 202: a client that takes any 2xx for done would go on as if it were.
        const problem = {
          status: 423,
          code: 'approval.pending',
          detail: `this call waits for a person to approve it: ${url}`,
          next: 'make the same call again with the same arguments: it joins the wait',
        }
        const expires = new Date(expiresAt).toISOString()
        return reply.problem(problem, { call, approval: id, url, expires_at: expires })
      }
    }
  }

  #deny(denial: Denial, call: string, exchange: HttpExchange): void {
    const { challenge, presented, reply } = exchange
    const { code, detail, next, retryAfterMs } = denial
    if (retryAfterMs !== undefined)
      reply.set('retry-after', String(Math.ceil(retryAfterMs / 1_000)))
    const status = statusOfCode(code)
    if (status === 401 || code === 'authenticate.insufficient_scope') {
      const { scheme } = presented.token ?? {}
      const refusal = code.startsWith('authenticate.insufficient')
        ? refuseCredential('authenticate.insufficient_scope', detail, {
            error: 'insufficient_scope',
          })
        : { refusedCredential: true as const, status, code, detail, next }
      const challenges = challenge({ ...refusal, ...(scheme !== undefined && { scheme }) })
      if (!reply.begun) reply.set('www-authenticate', [...challenges])
    }
    reply.problem(
      { status, code, detail, next },
      {
        ...(call !== '' && { call }),
        ...(retryAfterMs !== undefined && { retry_after_ms: retryAfterMs }),
      },
    )
  }
}

/** The input of a call: what the path, the query, the headers and the body say, and nothing that the operation does not have. */
async function readInput(request: IncomingMessage, { action, values }: Routed): Promise<Read> {
  const { http } = action
  const input = Object.create(null) as JsonObject
  const put = (name: string, value: JsonObject) => {
    if (Object.keys(value).length > 0) input[name] = value
  }
  const path = Object.create(null) as JsonObject
  for (const field of http.path) path[field.name] = readText(values.get(field.name) ?? '', field)
  put('path', path)
  const url = request.url ?? ''
  const mark = url.indexOf('?')
  put('query', readFields(readPairs(mark < 0 ? '' : url.slice(mark + 1)), http.query))
  put('header', readHeaders(request, http.header))
  // Twice, and nobody knows which is meant.
  for (const name of ['content-type', 'content-digest', 'prefer', 'accept'])
    headerOnce(request, name)
  const body = await readRequestBody(request, http.body)
  if (body.tree !== undefined) input['body'] = body.tree
  return { action, input, body }
}
