// Holds a token endpoint that a test scripts: it keeps what it was asked, and answers what it is told to.

import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One request to it. */
export interface TokenAsked {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly form: URLSearchParams
}

/** Answers a request; one that answers nothing leaves it open. */
export type TokenScript = (asked: TokenAsked, response: ServerResponse) => void

/** Answers a token. */
export function grants(token: Readonly<Record<string, unknown>>): TokenScript {
  return (_, response) => {
    const type = { 'content-type': 'application/json;charset=UTF-8', 'cache-control': 'no-store' }
    response.writeHead(200, type).end(JSON.stringify({ token_type: 'Bearer', ...token }))
  }
}

/** Refuses as RFC 6749 §5.2 says. */
export function refuses(error: string, description = ''): TokenScript {
  return (_, response) => {
    const body = JSON.stringify({ error, error_description: description })
    response.writeHead(400, { 'content-type': 'application/json' }).end(body)
  }
}

/** The server, on loopback. */
export class TokenServer {
  readonly asked: TokenAsked[] = []
  script: TokenScript = refuses('invalid_request')
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const form = new URLSearchParams(Buffer.concat(chunks).toString())
      const asked = { path: request.url ?? '', headers: request.headers, form }
      this.asked.push(asked)
      this.script(asked, response)
    })
  })

  static async open(): Promise<TokenServer> {
    const own = new TokenServer()
    await new Promise<void>((resolve) => own.#server.listen(0, '127.0.0.1', resolve))
    return own
  }

  /** Without a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}
