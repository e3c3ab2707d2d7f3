// Holds an MCP server over HTTP whose every answer a test decides, and a conversation with it.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { NOTHING_EQUIPPED, type Equipment } from '../../src/gateway/equipment.ts'
import { Network } from '../../src/gateway/net/network.ts'
import { Conversation, type ConversationParts } from '../../src/gateway/upstream/conversation.ts'
import { StreamableCarrier } from '../../src/gateway/upstream/streamable.ts'
import type { McpTransport } from '../../src/wire/system.ts'

/** One request as it arrived. */
export interface Arrived {
  readonly method: string
  readonly headers: IncomingMessage['headers']
  readonly url: string
  /** The JSON-RPC message, where there is one. */
  readonly body: { readonly id?: number; readonly method?: string; readonly params?: unknown }
}

/** Answers a request; what it leaves open stays open. */
export type Answering = (arrived: Arrived, response: ServerResponse) => void

/** A JSON answer. */
export function answer(response: ServerResponse, message: object, headers: object = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify({ jsonrpc: '2.0', ...message }))
}

/** An event on a stream that is open. */
export function event(response: ServerResponse, message: object, id?: string): void {
  const name = id === undefined ? '' : `id: ${id}\n`
  response.write(`${name}data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`)
}

/** Opens a stream of events. */
export function stream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
}

/** A server of this test alone. */
export class McpHttp implements AsyncDisposable {
  readonly arrived: Arrived[] = []
  readonly garbage: string[] = []
  readonly news: string[] = []
  readonly #server
  readonly #network = new Network()
  readonly #open: Conversation[] = []

  private constructor(answering: Answering) {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        const { method = '', headers, url = '' } = request
        const body = (text === '' ? {} : JSON.parse(text)) as Arrived['body']
        const arrived = { method, headers, url, body }
        this.arrived.push(arrived)
        answering(arrived, response)
      })
    })
  }

  static async start(answering: Answering): Promise<McpHttp> {
    const fake = new McpHttp(answering)
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve))
    return fake
  }

  get transport(): McpTransport {
    const { port } = this.#server.address() as AddressInfo
    const url = `http://127.0.0.1:${port}/mcp`
    return { kind: 'mcp', url, auth: { kind: 'none' }, reach: { private: true } }
  }

  /** A conversation with it, not opened yet. */
  converse(
    more: Partial<ConversationParts> = {},
    equipment: Equipment = NOTHING_EQUIPPED,
  ): Conversation {
    const conversation = new Conversation({
      equipment,
      carrier: (receiver) =>
        new StreamableCarrier({
          network: this.#network,
          transport: this.transport,
          peer: undefined,
          receiver,
        }),
      events: {
        onGarbage: (what) => this.garbage.push(what),
        onNews: (method) => this.news.push(method),
      },
      ...more,
    })
    this.#open.push(conversation)
    return conversation
  }

  /** JSON-RPC methods that arrived, in order. */
  get methods(): string[] {
    return this.arrived.map(({ method, body }) => body.method ?? method)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { gatewayFault } = await import('../../src/gateway/faults.ts')
    for (const one of this.#open)
      one.close(gatewayFault('upstream.unavailable', 'the test is over'))
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
    await this.#network.close()
  }
}

/** Answers `initialize` and whatever a list of answers has; everything else is not served. */
export function legacyServer(
  more: Readonly<Record<string, Answering>> = {},
  headers: object = {},
): Answering {
  return (arrived, response) => {
    const { body, method } = arrived
    const own = more[body.method ?? method]
    if (own !== undefined) return own(arrived, response)
    if (body.method === 'initialize') {
      const capabilities = { tools: { listChanged: true } }
      const serverInfo = { name: 'fake', version: '1' }
      const result = { protocolVersion: '2025-11-25', capabilities, serverInfo }
      return answer(response, { id: body.id, result }, headers)
    }
    if (body.id === undefined) return void response.writeHead(method === 'GET' ? 405 : 202).end()
    answer(response, { id: body.id, error: { code: -32_601, message: 'not served' } })
  }
}
