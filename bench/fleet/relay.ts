// Holds the network between a gateway and control: a relay that passes on, is slow, is silent, or breaks.

import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** One way to control. */
export class Relay {
  readonly #server: Server
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  #delayMs = 0
  #silent = false

  private constructor(to: number) {
    this.#server = createServer((near) => this.#take(near, to))
  }

  static async open(to: number): Promise<Relay> {
    const relay = new Relay(to)
    await new Promise<void>((resolve) => relay.#server.listen(0, '127.0.0.1', resolve))
    return relay
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Everything takes so long, in order (ms). */
  delay(ms: number): void {
    this.#delayMs = ms
  }

  /** A partition: nothing is passed on, and nobody is told. What came meanwhile is passed on when it ends. */
  silence(silent: boolean): void {
    this.#silent = silent
    for (const pair of this.#pairs) for (const socket of pair) this.#set(socket, silent)
  }

  /** Breaks every connection. */
  break(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
  }

  close(): void {
    this.break()
    this.#server.close()
  }

  #take(near: Socket, to: number): void {
    const far = connect(to, '127.0.0.1')
    const pair = [near, far] as const
    this.#pairs.add(pair)
    for (const [from, onward] of [
      [near, far],
      [far, near],
    ] as const) {
      from.setNoDelay(true)
      from.on('data', (piece: Buffer) => {
        if (this.#delayMs === 0) onward.write(piece)
        else setTimeout(() => onward.destroyed || onward.write(piece), this.#delayMs)
      })
      from.on('error', () => from.destroy())
      from.on('close', () => {
        onward.destroy()
        this.#pairs.delete(pair)
      })
      this.#set(from, this.#silent)
    }
  }

  #set(socket: Socket, silent: boolean): void {
    if (silent) socket.pause()
    else socket.resume()
  }
}
