// Holds the way out to the web: what an agent asks of a proxy becomes a governed call of the system `web`.

import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { JsonObject } from '../../std/json.ts'
import { saidInHeaders } from '../../wire/said.ts'
import { traceContextOf } from '../../wire/trace.ts'
import { CallControl, type CallRequest } from '../call.ts'
import type { Denial } from '../denial.ts'
import { GATEWAY_FAULTS, type GatewayCode } from '../faults.ts'
import { peerOf } from '../front/peer.ts'
import type { Conclusion, Governing } from '../governing.ts'
import type { Network } from '../net/network.ts'
import type { SurfacePorts } from '../ports.ts'
import { problemText } from '../problem.ts'
import { absoluteTarget, connectTarget } from './egress-target.ts'
import { TUNNEL_BOUNDS, TunnelOperation, type TunnelBounds } from './tunnel.ts'
import { Vigils } from './vigil.ts'
import { WebRequestOperation, webInput } from './web-request.ts'
import { WEB } from './web-system.ts'

/** What the way out is made of. */
export interface EgressParts {
  readonly ports: Pick<SurfacePorts, 'clock' | 'identities' | 'locks'>
  readonly governor: Pick<Governing, 'govern' | 'stillAdmitted' | 'turnedAway'>
  readonly network: Network
  readonly holdMs: number
  readonly bounds?: TunnelBounds
}

/** The proxy of the gateway: for connections that proved a certificate, and for nobody else. */
export class Egress {
  readonly #parts: EgressParts

  /** Where districts hear that they are over. */
  readonly vigils: Vigils

  constructor(parts: EgressParts) {
    this.#parts = parts
    this.vigils = new Vigils(parts.ports, parts.governor)
  }

  /** Answers `CONNECT host:port`. Never throws; the socket is ended whatever happens. */
  async connect(request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    client.on('error', () => client.destroy())
    const target = connectTarget(request.url)
    const certificate = peerOf(request.socket).certificate
    if (certificate === undefined) return refuse(client, nobody())
    if (target === undefined) {
      const refusal = code('egress.target', 'this is no host and port')
      await this.#turnedAway(certificate, refusal)
      return refuse(client, refusal)
    }
    if (head.length > 0) client.unshift(head)
    const { governor, network, ports } = this.#parts
    const bounds = this.#parts.bounds ?? TUNNEL_BOUNDS
    const operation = new TunnelOperation(client, target, { network, clock: ports.clock, bounds })
    const control = new CallControl()
    client.on('close', () => control.left())
    const { host, port } = target
    const asked = this.#asked(request, certificate, 'tunnel', { host, port }, control)
    const conclusion = await governor.govern(asked, operation)
    operation.close()
    if (operation.opened) client.destroy()
    else if (conclusion.kind !== 'done') refuse(client, stopped(conclusion))
  }

  /** Answers a request whose target is a whole URL. */
  async request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = absoluteTarget(request.url ?? '')
    const certificate = peerOf(request.socket).certificate
    if (certificate === undefined) return answer(response, nobody())
    if (target === undefined) {
      const refusal = code('egress.target', 'this URL cannot be read in one way alone')
      await this.#turnedAway(certificate, refusal)
      return answer(response, refusal)
    }
    const control = new CallControl()
    response.on('close', () => response.writableFinished || control.left())
    const operation = new WebRequestOperation(request, response, target, this.#parts.network)
    const input = webInput(request, target)
    const asked = this.#asked(request, certificate, 'request', input, control)
    const conclusion = await this.#parts.governor.govern(asked, operation)
    if (conclusion.kind === 'done') return
    if (response.headersSent) response.destroy()
    else answer(response, stopped(conclusion))
  }

  #turnedAway(certificate: string, refusal: Refusal): Promise<void> {
    const presented = { certificate, resource: '' }
    return this.#parts.governor.turnedAway({ presented, system: WEB }, refusal)
  }

  #asked(
    request: IncomingMessage,
    certificate: string,
    action: 'tunnel' | 'request',
    input: JsonObject,
    control: CallControl,
  ): CallRequest {
    const { headers } = request
    const task = headers['bailiwick-task']
    const trace = traceContextOf(headers['traceparent'], headers['tracestate'])
    return {
      presented: {
        certificate,
        resource: '',
        ...(typeof task === 'string' && { task: task.trim().slice(0, 128) }),
      },
      network: { listener: 'gateway-tls', address: peerOf(request.socket).address },
      system: WEB,
      action,
      input,
      protocol: 'web',
      said: saidInHeaders(headers),
      ...(trace !== undefined && { trace }),
      control,
      patienceMs: () => this.#parts.holdMs,
      leavingCancels: true,
    }
  }
}

/** Public words of a refusal, with the call that it was. */
interface Refusal {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly next: string
  readonly call?: string
  readonly retryAfterMs?: number
}

function code(of: GatewayCode, detail: string): Refusal {
  return { code: of, detail, ...GATEWAY_FAULTS[of] }
}

function nobody(): Refusal {
  return code('authenticate.no_credential', 'the web is reached with a client certificate')
}

function stopped(conclusion: Exclude<Conclusion<unknown>, { kind: 'done' }>): Refusal {
  if (conclusion.kind === 'denied') return denied(conclusion.denial, conclusion.call)
  const { approval } = conclusion.held
  // No success may ever answer CONNECT but the one that opens the tunnel.
  const { next } = GATEWAY_FAULTS['approval.pending']
  const detail = `a person has to agree first: ${approval.url}`
  return {
    status: 503,
    code: 'approval.pending',
    detail,
    next,
    call: conclusion.call,
    retryAfterMs: 1_000,
  }
}

function denied({ code: of, detail, next, retryAfterMs }: Denial, call: string): Refusal {
  const known = Object.hasOwn(GATEWAY_FAULTS, of) ? GATEWAY_FAULTS[of as GatewayCode].status : 502
  const status = known < 400 ? 503 : known
  return {
    status,
    code: of,
    detail,
    next,
    call,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
}

function headersOf(
  { call, code: of, retryAfterMs }: Refusal,
  body: string,
): Record<string, string> {
  return {
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    'proxy-status': `bailiwick; error=http_request_denied; details="${of}"`,
    connection: 'close',
    ...(call !== undefined && { 'bailiwick-call': call }),
    ...(retryAfterMs !== undefined && { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }),
  }
}

function answer(response: ServerResponse, refusal: Refusal): void {
  const body = problemText(refusal)
  response.writeHead(refusal.status, headersOf(refusal, body))
  response.end(body)
}

function refuse(client: Duplex, refusal: Refusal): void {
  const body = problemText(refusal)
  const head = Object.entries(headersOf(refusal, body)).map(([name, value]) => `${name}: ${value}`)
  const status = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? 'Refused'}`
  client.end(`${[status, ...head].join('\r\n')}\r\n\r\n${body}`, () => client.destroy())
}
