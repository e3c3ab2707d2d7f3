// Holds what an HTTP API does with a call that may go out: one request, whose answer is passed on while it comes.

import { createHash } from 'node:crypto'
import { Fault } from '../../std/fault.ts'
import type { ApiTransport } from '../../wire/system.ts'
import { isDenial, type Denial } from '../denial.ts'
import type { Equipment } from '../equipment.ts'
import { gatewayFault } from '../faults.ts'
import { openInspection, type Inspection } from '../inspect/inspection.ts'
import { netFailure } from '../net/failure.ts'
import { netFault, nothingSent } from '../net/faults.ts'
import type { Incoming } from '../net/line.ts'
import type { Network } from '../net/network.ts'
import type { Answered, Operation, Permit, Sending } from '../operation.ts'
import type { SurfacePorts } from '../ports.ts'
import { answerHeaders } from './answer-headers.ts'
import type { ReadBody } from './body-read.ts'
import { decoded } from './decoding.ts'
import { outgoing } from './outgoing.ts'
import type { HttpReply } from './reply.ts'
import type { BoundAction } from './router.ts'
import { UploadMeter } from './upload.ts'

/** Bytes of one answer. */
const MAX_ANSWER = 4_294_967_296
/** How long a system may be silent in the middle of its answer (ms). */
const SILENT_MS = 120_000
/** How long events may be apart (ms). */
const EVENTS_MS = 3_600_000

/** What became of the request. */
export type HttpAnswer =
  | { readonly kind: 'passed'; readonly status: number }
  /** Looked at, and not to be seen. */
  | { readonly kind: 'withheld'; readonly status: number; readonly denial: Denial }
  | { readonly kind: 'failed'; readonly status?: number; readonly fault: Fault }

/** What a request is made of besides its decided tree. */
export interface HttpParts {
  readonly network: Network
  readonly reply: HttpReply
  readonly action: BoundAction
  readonly method: string
  readonly accept: string
  readonly body: ReadBody
  readonly boundary: () => string
  readonly ports: Pick<SurfacePorts, 'pins'>
}

/** One request to an HTTP API. */
export class HttpOperation implements Operation<HttpAnswer> {
  readonly #parts: HttpParts
  readonly #meter = new UploadMeter()
  readonly #hash = createHash('sha256')
  #equipment: Equipment | undefined
  #inspection: Inspection | undefined
  #status: number | undefined
  #bytes = 0
  #sending: Sending | undefined

  constructor(parts: HttpParts) {
    this.#parts = parts
  }

  ready(_call: Permit, equipment: Equipment): Promise<Denial | undefined> {
    this.#equipment = equipment
    return Promise.resolve(undefined)
  }

  async send(call: Permit, sending: Sending): Promise<HttpAnswer> {
    const equipment = this.#equipment
    const { transport } = call.system
    if (equipment === undefined || transport.kind !== 'api') {
      throw new TypeError('sent before it was made ready')
    }
    this.#sending = sending
    let answer: Incoming
    let asked: URL
    try {
      ;[answer, asked] = await this.#request(call, transport, equipment, sending)
    } catch (error) {
      if (sending.signal.aborted) throw error
      const fault = this.#uploadFault(error)
      // Who is there was looked at before anything was sent, too.
      if (nothingSent(fault.code) || fault.code.startsWith('resolve.'))
        return { kind: 'failed', fault }
      throw fault
    }
    this.#status = answer.status
    try {
      return await this.#passOn(answer, asked, call, transport, equipment)
    } catch (error) {
      answer.body.destroy()
      if (sending.signal.aborted) throw sending.signal.reason
      return { kind: 'failed', status: answer.status, fault: netFailure(error) }
    }
  }

  inspect(answer: HttpAnswer): Answered<HttpAnswer> | Denial {
    const { facts, ...labels } = this.passed()
    if (answer.kind === 'failed') {
      const executed = answer.status === undefined ? 'no' : 'unknown'
      const { code } = answer.fault
      return {
        value: answer,
        status: 'upstream_error',
        facts: { ...facts, code, executed },
        ...labels,
      }
    }
    if (answer.kind === 'withheld') return answer.denial
    const { status } = answer
    const executed = status < 500 ? 'yes' : 'unknown'
    const digest = `sha256:${this.#hash.copy().digest('hex')}`
    return {
      value: answer,
      status: statusOf(status),
      facts: { ...facts, executed },
      digest,
      ...labels,
    }
  }

  /** What is known of the exchange, also of one that was cut. */
  passed(): Pick<Answered<HttpAnswer>, 'facts' | 'labels'> {
    const { facts, labels } = this.#inspection?.passed() ?? { facts: {} }
    const { unbound, uploads } = this.#parts.body
    const streamed = unbound || [...uploads.values()].flat().some(({ kind }) => kind === 'coming')
    return {
      facts: {
        ...(this.#status !== undefined && {
          http_status: this.#status,
          bytes: this.#bytes,
        }),
        ...(streamed && this.#meter.facts),
        ...facts,
      },
      ...(labels !== undefined && { labels }),
    }
  }

  async #request(
    call: Permit,
    transport: ApiTransport,
    equipment: Equipment,
    { signal, timeoutMs, traceparent, tracestate }: Sending,
  ): Promise<[Incoming, URL]> {
    const { accept, action, body, boundary, method, network, ports } = this.#parts
    const { url, ...request } = await outgoing({
      accept,
      binding: action.http,
      body,
      boundary,
      equipment,
      input: call.request.input,
      meter: this.#meter,
      method,
      traceparent,
      tracestate,
      transport,
    })
    const dial = network.dial(url, {
      reach: transport.reach,
      tls: equipment.tls,
      account: equipment.account,
      peer: ports.pins.peer(call.system),
    })
    const events = action.http.answers.includes('text/event-stream')
    const answer = await dial.request({
      ...request,
      signal,
      headersTimeoutMs: timeoutMs,
      bodyTimeoutMs: events ? EVENTS_MS : SILENT_MS,
    })
    return [answer, url]
  }

  /** A body that is not what was said ends the request: the agent is told that, and not what it looked like from the other side. */
  #uploadFault(error: unknown): Fault {
    const cause = error instanceof Error ? error.cause : undefined
    const own = [error, cause].find((one) => one instanceof Fault && !one.code.startsWith('net.'))
    return own instanceof Fault ? own : netFailure(error)
  }

  async #passOn(
    answer: Incoming,
    asked: URL,
    call: Permit,
    transport: ApiTransport,
    equipment: Equipment,
  ): Promise<HttpAnswer> {
    const { action, reply } = this.#parts
    const { body, headers, status } = answer
    if (status === 401 || status === 407) {
      body.destroy()
      const fault = gatewayFault('upstream.credential', 'the system does not take our credential')
      return { kind: 'failed', status, fault }
    }
    const inspection = openInspection(call, equipment)
    this.#inspection = inspection
    const told = answerHeaders(headers, {
      asked,
      system: call.system.name,
      transport,
      declared: action.http.answerHeaders,
      clean: (value) => inspection.text(value),
    })
    const type = told['content-type']
    const stream = inspection.stream(type, { maxBytes: MAX_ANSWER })
    const begin = () => reply.begun || reply.begin(status, told)
    // Who waits for events waits for the head first.
    if (type?.startsWith('text/event-stream') === true) begin()
    for await (const chunk of decoded(body, this.#codingOf(answer))) {
      const piece = stream.push(chunk)
      if (isDenial(stream.denial)) return this.#withhold(answer, stream.denial)
      if (piece.length > 0) begin()
      await this.#pass(piece)
    }
    const rest = stream.end()
    if (isDenial(stream.denial)) return this.#withhold(answer, stream.denial)
    begin()
    await this.#pass(rest)
    reply.end()
    return { kind: 'passed', status }
  }

  /** What has no body is in no coding, whatever its headers say. */
  #codingOf({ headers, status }: Incoming): string | undefined {
    const coding = headers['content-encoding']
    if (this.#parts.method === 'HEAD' || status === 204 || status === 304) return undefined
    return typeof coding === 'object' ? coding.join(', ') : coding
  }

  async #pass(piece: Buffer): Promise<void> {
    const sending = this.#sending
    if (sending !== undefined && !sending.mayPass()) throw sending.signal.reason
    this.#bytes += piece.length
    if (this.#bytes > MAX_ANSWER) {
      throw netFault('net.too_large', `the answer is larger than ${MAX_ANSWER} bytes`)
    }
    this.#hash.update(piece)
    await this.#parts.reply.write(piece)
  }

  #withhold({ body, status }: Incoming, denial: Denial): HttpAnswer {
    body.destroy()
    return { kind: 'withheld', status, denial }
  }
}

function statusOf(status: number): Answered<unknown>['status'] {
  if (status >= 500) return 'upstream_error'
  return status >= 400 ? 'tool_error' : 'ok'
}
