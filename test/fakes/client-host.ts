// Holds a host on loopback that publishes the document of a client, as a test wants it.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { clientDocument } from './consent.ts'

/** The host of one client. */
export class ClientHost implements AsyncDisposable {
  /** Members that the document has otherwise. */
  document: Readonly<Record<string, unknown>> = {}
  /** How often it was asked. */
  asked = 0
  readonly #server = createServer((_, response) => {
    this.asked += 1
    response.setHeader('content-type', 'application/json')
    response.setHeader('cache-control', 'no-store')
    response.end(clientDocument(this.document, this.id))
  })

  static async open(): Promise<ClientHost> {
    const host = new ClientHost()
    await new Promise<void>((resolve) => host.#server.listen(0, '127.0.0.1', resolve))
    return host
  }

  /** Its client identifier. */
  get id(): string {
    const { port } = this.#server.address() as AddressInfo
    return `http://127.0.0.1:${port}/client.json`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
