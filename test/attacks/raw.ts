// Holds a raw TLS client: bytes out, bytes in, and nothing that would mend what is broken on purpose.

import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { until } from '../e2e/until.ts'

/** One connection. Leaving its scope ends it. */
export class RawConnection implements Disposable {
  readonly socket: TLSSocket
  #received = ''
  /** True once the other side has ended it. */
  closed = false
  /** What broke it, if something did. */
  error: Error | undefined

  private constructor(socket: TLSSocket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => (this.#received += chunk.toString('latin1')))
    socket.on('error', (error) => (this.error = error))
    socket.on('close', () => (this.closed = true))
  }

  /** Connects and shakes hands; rejects where the other side does not. */
  static async open(port: number, options: ConnectionOptions): Promise<RawConnection> {
    const socket = connect({ ...options, port, host: '127.0.0.1' })
    const connection = new RawConnection(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve)
      socket.once('error', reject)
    })
    return connection
  }

  get received(): string {
    return this.#received
  }

  /** Answers that have come as a whole so far: each begins with a status line. */
  get statuses(): number[] {
    return [...this.#received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]))
  }

  write(bytes: string | Uint8Array): void {
    // Who has been cut off already may still try to speak: that is the attack.
    if (this.socket.writable) this.socket.write(bytes)
  }

  /** Waits for so many answers; gives their status codes. */
  async answers(count: number): Promise<number[]> {
    await until(`${count} answers in ${this.#received.slice(0, 300)}`, () => {
      if (this.statuses.length >= count) return true
      if (this.closed) throw new Error(`closed with ${this.statuses.length} of ${count} answers`)
      return false
    })
    return this.statuses
  }

  /** Waits until the other side has ended it. */
  async end(): Promise<void> {
    await until('the end of the connection', () => this.closed)
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}

/** The bytes of a POST with whatever headers, in that order. */
export function post(
  path: string,
  headers: readonly (readonly [string, string])[],
  body: string | Uint8Array,
): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines}\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)])
}
