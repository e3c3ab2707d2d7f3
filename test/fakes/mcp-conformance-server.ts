// Holds a real MCP server over Streamable HTTP, of one era alone, for the official conformance suites.

import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeStream } from 'node:stream/web'
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
  WebStandardStreamableHTTPServerTransport,
  type McpServer,
} from '@modelcontextprotocol/server'
import type { McpEra } from '../../src/wire/system.ts'
import { conformanceServer } from './mcp-conformance-tools.ts'

type Serve = (this: void, request: Request) => Promise<Response>

/** One era, served. */
interface Served {
  readonly serve: Serve
  readonly close: () => Promise<void>
}

/** Serves 2025-11-25 with sessions. */
function legacy(): Served {
  const sessions = new Map<
    string,
    { transport: WebStandardStreamableHTTPServerTransport; server: McpServer }
  >()
  const begin = async (): Promise<WebStandardStreamableHTTPServerTransport> => {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void sessions.set(id, { transport, server }),
      onsessionclosed: (id) => void sessions.delete(id),
    })
    const server: McpServer = conformanceServer('2025-11-25', {
      tools: () => server.sendToolListChanged(),
      prompts: () => server.sendPromptListChanged(),
    })
    await server.connect(transport)
    return transport
  }
  return {
    serve: async (request) => {
      const id = request.headers.get('mcp-session-id')
      if (id === null) return (await begin()).handleRequest(request)
      const known = sessions.get(id)
      if (known === undefined) return Response.json({ error: 'no such session' }, { status: 404 })
      return known.transport.handleRequest(request)
    },
    close: async () => {
      for (const { server } of sessions.values()) await server.close()
    },
  }
}

/** Serves 2026-07-28, request by request. */
function modern(): Served {
  const handler = createMcpHandler(
    () =>
      conformanceServer('2026-07-28', {
        tools: () => handler.notify.toolsChanged(),
        prompts: () => handler.notify.promptsChanged(),
      }),
    { legacy: 'reject' },
  )
  return { serve: (request) => handler.fetch(request), close: () => handler.close() }
}

function asRequest(incoming: IncomingMessage, body: Buffer): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  const url = `http://${incoming.headers.host ?? '127.0.0.1'}${incoming.url ?? '/'}`
  const method = incoming.method ?? 'GET'
  return new Request(url, {
    method,
    headers,
    ...(body.length > 0 && { body: new Uint8Array(body) }),
  })
}

async function respond(answer: Response, response: ServerResponse): Promise<void> {
  response.writeHead(answer.status, Object.fromEntries(answer.headers))
  response.flushHeaders()
  if (answer.body === null) return void response.end()
  await pipeline(Readable.fromWeb(answer.body as NodeStream), response)
}

/** A listening server. */
export class ConformanceServer implements AsyncDisposable {
  readonly #server: Server
  readonly #close: () => Promise<void>

  private constructor(server: Server, close: () => Promise<void>) {
    this.#server = server
    this.#close = close
  }

  /** Listens on a free port of this machine, as the server of one era. */
  static async start(era: McpEra): Promise<ConformanceServer> {
    const { serve, close } = era === '2026-07-28' ? modern() : legacy()
    const server = createServer((incoming, response) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => {
        const request = asRequest(incoming, Buffer.concat(chunks))
        const refused =
          hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
          originValidationResponse(request, localhostAllowedOrigins())
        const answered = refused === undefined ? serve(request) : Promise.resolve(refused)
        answered.then((answer) => respond(answer, response)).catch(() => response.destroy())
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new ConformanceServer(server, close)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/mcp`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
