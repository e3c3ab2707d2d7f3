// Holds what a client of an HTTP API is told: an answer that is passed on, or a problem document.

import type { ServerResponse } from 'node:http'

/** Answers one request. Owned by the exchange. */
export class HttpReply {
  readonly #response: ServerResponse
  readonly #bodiless: boolean
  readonly #headers: Record<string, string | string[]> = {}

  constructor(response: ServerResponse, method: string) {
    this.#response = response
    this.#bodiless = method === 'HEAD'
  }

  /** True once a head is out: no problem can be told any more. */
  get begun(): boolean {
    return this.#response.headersSent
  }

  /** A header of whatever is answered. */
  set(name: string, value: string | string[]): void {
    this.#headers[name] = value
  }

  /** Begins an answer. */
  begin(status: number, headers: Readonly<Record<string, string>>): void {
    this.#response.writeHead(status, { ...headers, ...this.#headers })
    this.#response.flushHeaders()
  }

  /** Passes a piece on; resolves when there is room for more. Rejects when the client is gone. */
  async write(piece: Buffer): Promise<void> {
    if (this.#bodiless || piece.length === 0) return
    const response = this.#response
    if (response.destroyed) throw new Error('the client is gone')
    if (response.write(piece)) return
    await new Promise<void>((resolve, reject) => {
      const drained = (): void => {
        response.off('close', gone)
        resolve()
      }
      const gone = (): void => {
        response.off('drain', drained)
        reject(new Error('the client is gone'))
      }
      response.once('drain', drained)
      response.once('close', gone)
    })
  }

  /** The answer was passed on to its end. */
  end(): void {
    this.#response.end()
  }

  /** Ends an answer that has begun in a way that no client takes for its end. */
  break(): void {
    this.#response.destroy()
  }

  /** Tells a problem (RFC 9457); where an answer has begun already, breaks it off. */
  problem(
    of: {
      readonly status: number
      readonly code: string
      readonly detail: string
      readonly next: string
    },
    more: Readonly<Record<string, unknown>> = {},
  ): void {
    if (this.begun) return this.break()
    const { status, code, detail, next } = of
    const document = { type: 'about:blank', title: code, status, code, detail, next, ...more }
    const body = JSON.stringify(document)
    this.#response.writeHead(status, {
      'content-type': 'application/problem+json',
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      ...this.#headers,
    })
    this.#response.end(this.#bodiless ? undefined : body)
  }
}
