// Holds the system of the fleet: a bare HTTP API that notes every request that reaches it, and has streams that go on.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that reached the system: what a governed call came to, and when. */
export interface Arrived {
  /** `GET`: nothing; `POST`: something that a person has to agree to. */
  readonly method: string
  readonly path: string
  /** Of its `traceparent`: the span of the call, which its intent has too. */
  readonly span: string
  /** Monotonic, of this process (ms). */
  readonly at: number
}

/** How often a stream says something (ms). */
const TICK_MS = 50

/** The system. */
export class Upstream {
  readonly arrived: Arrived[] = []
  readonly #server: Server
  readonly #slowness: number

  private constructor(slowness: number) {
    this.#slowness = slowness
    this.#server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
      const { method = '', url = '' } = request
      const span = String(request.headers['traceparent'] ?? '').split('-')[2] ?? ''
      this.arrived.push({ method, path: url, span, at: performance.now() })
      request.resume()
      if (url.startsWith('/events')) {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        const tick = (): void => void response.write('data: tick\n\n')
        tick()
        const ticking = setInterval(tick, TICK_MS * this.#slowness)
        response.on('close', () => clearInterval(ticking))
        return
      }
      const body = JSON.stringify({ state: 'open', text: 'x'.repeat(200) })
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(body)
    })
  }

  /** `slowness`: how many times as long its streams are silent. */
  static async open(slowness = 1): Promise<Upstream> {
    const upstream = new Upstream(slowness)
    await new Promise<void>((resolve) => upstream.#server.listen(0, '127.0.0.1', resolve))
    return upstream
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

const answer = (type: string): object => ({
  200: { description: 'it', content: { [type]: { schema: {} } } },
})
const id = { name: 'id', in: 'path', required: true, schema: { type: 'integer' } }

/** What describes it. */
export const DOCUMENT: string = JSON.stringify({
  openapi: '3.1.0',
  info: { title: 'the API of a fleet', version: '1' },
  paths: {
    '/items/{id}': {
      get: { operationId: 'getItem', parameters: [id], responses: answer('application/json') },
      post: { operationId: 'setItem', parameters: [id], responses: answer('application/json') },
    },
    '/events': { get: { operationId: 'events', responses: answer('text/event-stream') } },
  },
})
