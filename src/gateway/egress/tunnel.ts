// Holds a tunnel: a connection to one host that is carried and not read, bounded in bytes and time, and cut by a lock.

import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { JsonObject } from '../../std/json.ts'
import type { Clock } from '../../std/clock.ts'
import type { Denial } from '../denial.ts'
import type { Answered, Operation, Permit, Sending } from '../operation.ts'
import { gatewayFault } from '../faults.ts'
import type { Network } from '../net/network.ts'
import { readHello } from './client-hello.ts'

/** How much one tunnel may carry, both ways together, and how long it may stand and be silent. */
export interface TunnelBounds {
  readonly bytes: number
  readonly ms: number
  readonly idleMs: number
}

/** Four gigabytes, an hour, ten minutes of silence. */
export const TUNNEL_BOUNDS: TunnelBounds = { bytes: 4 * 2 ** 30, ms: 3_600_000, idleMs: 600_000 }

/** What a tunnel has carried. */
export interface Carried {
  readonly up: number
  readonly down: number
  readonly ms: number
}

/** Where a tunnel leads. */
export interface TunnelTarget {
  readonly host: string
  readonly port: number
}

/** One tunnel between a client that asked for it and a host whose name we resolve. */
export class TunnelOperation implements Operation<Carried> {
  readonly #client: Duplex
  readonly #target: TunnelTarget
  readonly #network: Pick<Network, 'connect'>
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #bounds: TunnelBounds
  #upstream: Socket | undefined
  #up = 0
  #down = 0
  #began = 0
  /** True once the client has been told that the tunnel stands: nothing else can be said to it from then on. */
  opened = false

  constructor(
    client: Duplex,
    target: TunnelTarget,
    parts: {
      readonly network: Pick<Network, 'connect'>
      readonly clock: Pick<Clock, 'monotonic'>
      readonly bounds: TunnelBounds
    },
  ) {
    this.#client = client
    this.#target = target
    this.#network = parts.network
    this.#clock = parts.clock
    this.#bounds = parts.bounds
  }

  async ready(call: Permit): Promise<Denial | undefined> {
    const { signal } = call.request.control
    this.#upstream = await this.#network.connect(this.#target, { reach: {}, signal })
    // Whoever cuts the call between here and `send` has the connection end with it.
    const socket = this.#upstream
    socket.on('error', () => socket.destroy())
    signal.addEventListener('abort', () => socket.destroy(), { once: true })
    return undefined
  }

  async send(_call: Permit, { signal }: Sending): Promise<Carried> {
    const upstream = this.#upstream
    if (upstream === undefined) throw new TypeError('sent before it was made ready')
    this.#began = this.#clock.monotonic()
    this.opened = true
    this.#client.write('HTTP/1.1 200 Connection established\r\n\r\n')
    return new Promise((resolve, reject) => {
      let over = false
      const end = (why?: unknown): void => {
        if (over) return
        over = true
        clearTimeout(longest)
        signal.removeEventListener('abort', cut)
        this.#client.destroy()
        upstream.destroy()
        if (why === undefined) resolve(this.#carried())
        else reject(why as Error)
      }
      const cut = (): void => end(signal.reason)
      const { bytes, ms, idleMs } = this.#bounds
      const longest = setTimeout(() => end(gatewayFault('egress.bounds', 'it stood too long')), ms)
      longest.unref()
      signal.addEventListener('abort', cut, { once: true })
      upstream.setTimeout(idleMs, () =>
        end(gatewayFault('egress.bounds', 'it was silent too long')),
      )
      const count = (size: number, way: 'up' | 'down'): void => {
        if (way === 'up') this.#up += size
        else this.#down += size
        if (this.#up + this.#down > bytes) end(gatewayFault('egress.bounds', 'it carried too much'))
      }
      this.#carryUp(upstream, count, end)
      upstream.on('data', (chunk: Buffer) => count(chunk.length, 'down'))
      upstream.pipe(this.#client)
      for (const [side, other] of [
        [this.#client, upstream],
        [upstream, this.#client],
      ] as const) {
        side.on('error', () => end())
        side.on('close', () => {
          // What it said to its end still reaches the other.
          if (!side.readableEnded || other.writableFinished) end()
          else other.once('finish', () => end())
        })
      }
      if (signal.aborted) cut()
    })
  }

  inspect(carried: Carried): Answered<Carried> {
    return { value: carried, status: 'ok', facts: { executed: 'yes', ...this.#facts(carried) } }
  }

  /** What has been carried by now, for the record of a tunnel that was cut. */
  passed(): { readonly facts: JsonObject; readonly labels: readonly string[] } {
    return { facts: this.#facts(this.#carried()), labels: [] }
  }

  /** Ends what a call that was stopped before `send` had made ready. */
  close(): void {
    if (!this.opened) this.#upstream?.destroy()
  }

  #facts({ up, down, ms }: Carried): JsonObject {
    const { host, port } = this.#target
    return { host, port, bytes_up: up, bytes_down: down, open_ms: Math.round(ms) }
  }

  #carried(): Carried {
    const ms = this.#began === 0 ? 0 : this.#clock.monotonic() - this.#began
    return { up: this.#up, down: this.#down, ms }
  }

  /** The client's words, once its first show that they are for the host that was decided on. */
  #carryUp(
    upstream: Socket,
    count: (size: number, way: 'up') => void,
    end: (why?: unknown) => void,
  ): void {
    let first = Buffer.alloc(0)
    const look = (chunk: Buffer): void => {
      first = Buffer.concat([first, chunk])
      const hello = readHello(first)
      if (hello === 'more') return
      this.#client.off('data', look)
      const wrong = this.#wrong(hello)
      if (wrong !== undefined) return end(gatewayFault('egress.server_name', wrong))
      this.#client.pause()
      count(first.length, 'up')
      upstream.write(first)
      this.#client.on('data', (more: Buffer) => count(more.length, 'up'))
      this.#client.pipe(upstream)
    }
    this.#client.on('data', look)
    this.#client.once('end', () => {
      // It left in the middle of its first words: they go on as they are, and the host will make nothing of them.
      if (this.#client.listeners('data').includes(look)) upstream.end(first)
    })
  }

  /** Why a TLS client is not let on: it asks for another server than the one that was decided on (domain fronting). */
  #wrong(hello: Exclude<ReturnType<typeof readHello>, 'more'>): string | undefined {
    if (hello === 'other') return undefined
    if (hello === 'broken') return 'its TLS cannot be read'
    const { name } = hello
    // Clients name no server where the host is an address.
    if (name === undefined || name === this.#target.host) return undefined
    return 'its TLS asks for another server than the host that it named'
  }
}
