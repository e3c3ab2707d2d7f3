// Holds the stdio bridge: a client's lines become POSTs to the gateway, and what comes back becomes lines.

import type { Writable } from 'node:stream'
import type { Clock } from '../../std/clock.ts'
import { publicFault } from '../../std/fault.ts'
import { stringifyJson } from '../../std/json.ts'
import type { Timer } from '../../std/timer.ts'
import { RPC, type RpcId } from '../../wire/mcp.ts'
import { rpcErrorLine } from './answer.ts'
import { isModern, readLine, type Reading } from './envelope.ts'
import { fault } from './faults.ts'
import { Forwarder, type Forwarded } from './forward.ts'
import { LineWriter } from './lines.ts'
import type { Session } from './session.ts'

/** Requests under way at once; the gateway takes as many of one instance. */
const IN_FLIGHT = 256
/** How long requests may go on after the last line, for clients that are a pipe (ms). */
const GRACE_MS = 10_000
/** When a cancellation is said again while its request goes on: it may have overtaken the request (ms). */
const CANCEL_AGAIN_MS = [200, 1_000, 5_000] as const

/** What a bridge needs. */
export interface BridgeParts {
  readonly session: Session
  readonly system: string
  readonly output: Writable
  readonly clock: Clock
  readonly timer: Timer
  /** For people, on standard error. */
  readonly note: (text: string) => void
  /** Ends the bridge at once. */
  readonly interrupted: AbortSignal
}

type Request = Extract<Extract<Reading, { body: Uint8Array }>['message'], { kind: 'request' }>

/** A request under way. */
interface Flight {
  readonly modern: boolean
  readonly leave: AbortController
  /** The client no longer wants an answer. */
  cancelled: boolean
}

/** `1` and `"1"` are two ids. */
function keyOf(id: RpcId): string {
  return JSON.stringify(id)
}

/** One client, one system. */
export class Bridge {
  readonly #parts: BridgeParts
  readonly #writer: LineWriter
  readonly #forwarder: Forwarder
  /** By id; a client may use an id again, even before its time. */
  readonly #flights = new Map<string, Set<Flight>>()
  readonly #running = new Set<Promise<void>>()

  constructor(parts: BridgeParts) {
    this.#parts = parts
    this.#writer = new LineWriter(parts.output)
    this.#forwarder = new Forwarder(parts)
  }

  /** Serves until the lines end, the reader leaves, or the bridge is interrupted. Never throws. */
  async run(lines: AsyncIterable<Uint8Array | 'too-long'>): Promise<void> {
    const { interrupted } = this.#parts
    const stop = AbortSignal.any([interrupted, this.#writer.gone])
    const stopped = new Promise<void>((resolve) => {
      if (stop.aborted) resolve()
      stop.addEventListener('abort', () => resolve(), { once: true })
    })
    await Promise.race([this.#read(lines, stop), stopped])
    if (!stop.aborted) {
      const patience = new Promise<void>((resolve) => {
        this.#parts.timer.after(GRACE_MS, resolve)
      })
      await Promise.race([Promise.all(this.#running), stopped, patience])
    }
    for (const flights of this.#flights.values()) for (const flight of flights) flight.leave.abort()
    await Promise.all(this.#running)
  }

  async #read(lines: AsyncIterable<Uint8Array | 'too-long'>, stop: AbortSignal): Promise<void> {
    try {
      for await (const line of lines) {
        if (stop.aborted) return
        await this.#take(line)
      }
    } catch (error) {
      if (!stop.aborted) this.#parts.note(`standard input broke: ${String(error)}`)
    }
  }

  async #take(line: Uint8Array | 'too-long'): Promise<void> {
    if (line === 'too-long') {
      const why = fault('bridge.too_long', 'a line was longer than 16 MB')
      return this.#writer.write(rpcErrorLine(null, why, RPC.invalidRequest))
    }
    const reading = readLine(line)
    if ('answer' in reading) return this.#writer.write(reading.answer)
    const { message, body } = reading
    if (message.kind === 'request') return this.#start(message, body)
    if (message.kind !== 'notification') {
      this.#parts.note('an answer from the client was dropped: nothing had been asked')
      return
    }
    if (message.method !== 'notifications/cancelled') {
      return this.#forwarder.notify({ message, body })
    }
    const id = message.params['requestId']
    if (typeof id !== 'string' && typeof id !== 'number') return
    for (const flight of this.#flights.get(keyOf(id)) ?? []) {
      flight.cancelled = true
      if (flight.modern) flight.leave.abort()
      else this.#cancelAgain(flight, { message, body }, 0)
    }
  }

  /** Tells the gateway, and tells it again while the request still runs: the two travel on different connections. */
  #cancelAgain(flight: Flight, cancel: Forwarded, times: number): void {
    if (flight.leave.signal.aborted) return
    void this.#forwarder.notify(cancel)
    const ms = CANCEL_AGAIN_MS[times]
    if (ms === undefined) return
    const forget = this.#parts.timer.after(ms, () => this.#cancelAgain(flight, cancel, times + 1))
    flight.leave.signal.addEventListener('abort', forget, { once: true })
  }

  async #start(message: Request, body: Uint8Array): Promise<void> {
    if (this.#running.size >= IN_FLIGHT) {
      const why = fault('bridge.busy', `${IN_FLIGHT} requests are under way`)
      return this.#writer.write(rpcErrorLine(message.id, why))
    }
    const key = keyOf(message.id)
    const flight: Flight = {
      modern: isModern(message),
      leave: new AbortController(),
      cancelled: false,
    }
    const flights = this.#flights.get(key) ?? new Set()
    this.#flights.set(key, flights.add(flight))
    const running = this.#answer(message, body, flight).finally(() => {
      // Whatever waits to cancel it again need not.
      flight.leave.abort()
      flights.delete(flight)
      if (flights.size === 0 && this.#flights.get(key) === flights) this.#flights.delete(key)
      this.#running.delete(running)
    })
    this.#running.add(running)
  }

  /** Writes what comes back for one request: any notifications, and one answer, unless it was cancelled. */
  async #answer(message: Request, body: Uint8Array, flight: Flight): Promise<void> {
    const { signal } = flight.leave
    try {
      for await (const tree of this.#forwarder.request({ message, body }, signal)) {
        if (flight.cancelled) continue
        await this.#writer.write(stringifyJson(tree))
      }
    } catch (error) {
      if (flight.cancelled || signal.aborted) return
      const words = publicFault(error)
      if (words.code === 'internal') this.#parts.note(`unexpected: ${String(error)}`)
      await this.#writer.write(rpcErrorLine(message.id, words))
    }
  }
}
