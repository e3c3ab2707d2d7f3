// Holds the vigil: a stream on which whoever keeps an agent in a district hears at once that it may act no longer.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { stringifyJson } from '../../std/json.ts'
import { isDenial, type Denial } from '../denial.ts'
import { GATEWAY_FAULTS, type GatewayCode } from '../faults.ts'
import { peerOf } from '../front/peer.ts'
import type { Governing } from '../governing.ts'
import type { SurfacePorts } from '../ports.ts'
import { problem, problemText } from '../problem.ts'

/** Where it is asked for. */
export const VIGIL_PATH = '/district'

/** How often it says that it stands (ms): the other end knows from silence that it does not. */
const BEAT_MS = 5_000
/** Streams at once, and of one instance: a district has one. */
const MAX_STREAMS = 2_048
const MAX_OF_ONE = 4

/** Every stream that stands. */
export class Vigils {
  readonly #ports: Pick<SurfacePorts, 'locks' | 'identities'>
  readonly #governor: Pick<Governing, 'stillAdmitted'>
  readonly #ofInstance = new Map<string, number>()
  #count = 0

  constructor(
    ports: Pick<SurfacePorts, 'locks' | 'identities'>,
    governor: Pick<Governing, 'stillAdmitted'>,
  ) {
    this.#ports = ports
    this.#governor = governor
  }

  /** Answers a request for the stream of the instance that its certificate proves. */
  open(request: IncomingMessage, response: ServerResponse): void {
    const { certificate } = peerOf(request.socket)
    if (certificate === undefined) {
      return problem(response, 'authenticate.no_credential', 'a client certificate is needed')
    }
    const presented = { certificate, resource: '' }
    const look = () => this.#governor.stillAdmitted({ presented, system: '', action: '' })
    const actor = look()
    if (isDenial(actor)) return refuse(response, actor)
    const { instance } = actor
    const of = this.#ofInstance.get(instance) ?? 0
    if (this.#count >= MAX_STREAMS || of >= MAX_OF_ONE) {
      return problem(response, 'admit.too_many', 'too many streams of this kind stand already')
    }
    this.#count++
    this.#ofInstance.set(instance, of + 1)
    const say = (event: string, data: object): void => {
      response.write(`event: ${event}\ndata: ${stringifyJson({ ...data })}\n\n`)
    }
    const check = (): void => {
      const now = look()
      if (!isDenial(now)) return
      const { code, detail, next } = now
      say('over', { code, detail, next })
      response.end()
    }
    const stops = [
      this.#ports.locks.onChange(check),
      this.#ports.identities.onGone((gone) => gone === instance && check()),
      this.#ports.identities.onDelegationEnd(check),
    ]
    // What ends without being told of, ends at the next beat: the certificate's time above all.
    const beat = setInterval(() => {
      response.write(': stands\n\n')
      check()
    }, BEAT_MS)
    beat.unref()
    response.on('close', () => {
      clearInterval(beat)
      for (const stop of stops) stop()
      this.#count--
      const left = (this.#ofInstance.get(instance) ?? 1) - 1
      if (left === 0) this.#ofInstance.delete(instance)
      else this.#ofInstance.set(instance, left)
    })
    response.on('error', () => response.destroy())
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    say('stands', { instance })
  }
}

function refuse(response: ServerResponse, { code, detail, next }: Denial): void {
  const status = Object.hasOwn(GATEWAY_FAULTS, code)
    ? GATEWAY_FAULTS[code as GatewayCode].status
    : 403
  const body = problemText({ status, code, detail, next })
  response.writeHead(status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}
