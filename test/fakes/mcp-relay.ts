// Holds a relay before the gateway for clients that have no credential: it shows the certificate of one instance, and changes nothing else.

import {
  createServer,
  request as plainRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Holder } from '../../src/cli/identity/holder.ts'

/** A relay on a port of this machine. */
export class Relay implements AsyncDisposable {
  readonly #server: Server
  readonly #gateway: URL
  readonly #holder: Holder

  private constructor(gateway: string, holder: Holder) {
    this.#gateway = new URL(gateway)
    this.#holder = holder
    this.#server = createServer((incoming, response) => this.#pass(incoming, response))
  }

  /** Listens on a free port, before the gateway of that URL. */
  static async start(gateway: string, holder: Holder): Promise<Relay> {
    const relay = new Relay(gateway, holder)
    await new Promise<void>((resolve) => relay.#server.listen(0, '127.0.0.1', resolve))
    return relay
  }

  get #authority(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The URL that stands for a path of the gateway. */
  url(path: string): string {
    return `http://${this.#authority}${path}`
  }

  /** What names the relay names the gateway behind it; what names anybody else is passed on as it is. */
  #headers(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
    const { host, origin } = headers
    return {
      ...headers,
      ...(host === this.#authority && { host: this.#gateway.host }),
      ...(origin === `http://${this.#authority}` && { origin: this.#gateway.origin }),
    }
  }

  #pass(incoming: IncomingMessage, response: ServerResponse): void {
    const { protocol, hostname, port } = this.#gateway
    const send = protocol === 'https:' ? request : plainRequest
    const outgoing = send({
      ...this.#holder.tls(),
      hostname,
      port,
      method: incoming.method,
      path: incoming.url,
      headers: this.#headers(incoming.headers),
      agent: false,
    })
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      response.flushHeaders()
      answer.pipe(response)
      answer.on('error', () => response.destroy())
    })
    outgoing.on('error', () => response.destroy())
    response.on('close', () => outgoing.destroy())
    incoming.pipe(outgoing)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
