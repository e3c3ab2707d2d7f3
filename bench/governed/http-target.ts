// Holds the client of both proxies: keep-alive HTTP/1.1 on raw sockets, TLS or not, so that the generator costs little.
// Not a client for anything else: it reads answers with a content length, and takes whatever is not a 200 for a failure.

import { connect, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import type { Lane, Target } from './target.ts'
import { callBody, FIRST_ID, RECORD_TEXT } from './tools.ts'

/** Where to connect. */
export interface Address {
  readonly host: string
  readonly port: number
  readonly path: string
  /** Present for TLS. */
  readonly tls?: ConnectionOptions
}

/** The beginning of the result, as it stands in every good answer. */
const EXPECTED = JSON.stringify(RECORD_TEXT).slice(0, 40)

class Connection implements Lane {
  readonly #socket: Socket
  readonly #head: string
  #id: number
  #buffered = ''
  #waiting: { resolve(): void; reject(why: Error): void } | undefined

  constructor(socket: Socket, address: Address, firstId: number) {
    this.#socket = socket
    this.#id = firstId
    this.#head = [
      `POST ${address.path} HTTP/1.1`,
      `host: ${address.host}:${address.port}`,
      'content-type: application/json',
      'accept: application/json, text/event-stream',
      'mcp-protocol-version: 2025-11-25',
      `content-length: ${callBody(firstId).length}`,
      '\r\n',
    ].join('\r\n')
    socket.setEncoding('latin1')
    socket.on('data', (chunk: Buffer | string) => this.#onData(String(chunk)))
    socket.on('error', (error) => this.#settle(error))
    socket.on('close', () => this.#settle(new Error('the connection was closed')))
  }

  call(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#socket.write(this.#head + callBody(this.#id++), 'latin1')
    })
  }

  #onData(chunk: string): void {
    this.#buffered += chunk
    const end = this.#buffered.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = this.#buffered.slice(0, end)
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
    if (length === undefined) return this.#settle(new Error(`no content length in: ${head}`))
    if (this.#buffered.length < end + 4 + Number(length)) return
    const answer = this.#buffered
    this.#buffered = ''
    const good = answer.startsWith('HTTP/1.1 200 ') && answer.includes(EXPECTED, end)
    this.#settle(good ? undefined : new Error(`not the answer expected: ${answer}`))
  }

  #settle(failure: Error | undefined): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (failure === undefined) waiting?.resolve()
    else waiting?.reject(failure)
  }
}

function open(address: Address): Promise<Socket> {
  const { host, port, tls } = address
  return new Promise((resolve, reject) => {
    const socket =
      tls === undefined
        ? connect({ host, port, noDelay: true }, () => resolve(socket))
        : connectTls({ host, port, ...tls }, () => resolve(socket.setNoDelay(true)))
    socket.once('error', reject)
  })
}

/** Opens `lanes` connections, one after the other, and keeps them. */
export async function httpTarget(address: Address, lanes: number): Promise<Target> {
  const sockets: Socket[] = []
  for (let lane = 0; lane < lanes; lane++) sockets.push(await open(address))
  return {
    // Ids of different lanes never meet: a client of MCP numbers its requests across its connections.
    lanes: sockets.map((socket, i) => new Connection(socket, address, FIRST_ID + i * 10_000_000)),
    close: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}
