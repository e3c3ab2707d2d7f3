// Holds the shipper's thread: it goes after the end of the durable spool, and says how far it has come.

import { join } from 'node:path'
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { setTimeout as pause } from 'node:timers/promises'

import { publicFault } from '../../std/fault.ts'
import type { DurableBatch } from '../durable-batch.ts'
import { comparePositions, type Position } from '../segment.ts'
import { FINAL_CODES } from '../shard-note.ts'
import { dropTaken } from '../spool-scan.ts'
import { SpoolSeal } from './seal.ts'
import { Shipper } from './shipper.ts'

/** Between two attempts (ms). */
const RETRY_MS = 250

/** How the thread is started. */
export interface ShipStart {
  readonly home: string
  readonly gateway: string
  readonly url: string
  readonly origin: string
  /** Key of the seals. */
  readonly spoolKey: Uint8Array
  /** Everything before it is in the log. */
  readonly from: Position
}

/** What the thread is told. */
export type ShipOrder =
  /** The spool is durable up to here; `batch` is one that this process has written. */
  | { readonly kind: 'durable'; readonly position: Position; readonly batch?: DurableBatch }
  /** Everything before is in this home's log: the spool need not keep it. */
  | { readonly kind: 'taken'; readonly position: Position }
  | { readonly kind: 'close' }

/** What the thread says. */
export type ShipNews =
  | { readonly kind: 'shipped'; readonly position: Position }
  /** Why nothing is shipped at this moment; absent once it goes on. */
  | { readonly kind: 'trouble'; readonly detail?: string }
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string }

class ShipThread {
  readonly #port: MessagePort
  readonly #spool: string
  readonly #shipper: Shipper
  #goal: Position
  #running = false
  #troubled = false
  #closed = false

  constructor(port: MessagePort, { home, gateway, url, origin, spoolKey, from }: ShipStart) {
    this.#port = port
    this.#spool = join(home, 'spool')
    const seal = new SpoolSeal(origin, spoolKey)
    this.#shipper = new Shipper({ url, name: gateway, seal, spool: this.#spool, from })
    this.#goal = from
    dropTaken(this.#spool, from)
  }

  obey(order: ShipOrder): void {
    if (order.kind === 'durable') {
      if (order.batch !== undefined) this.#shipper.expect([order.batch])
      if (comparePositions(order.position, this.#goal) > 0) this.#goal = order.position
      if (!this.#running) void this.#run()
    } else if (order.kind === 'taken') {
      const { shipped } = this.#shipper
      const both = comparePositions(order.position, shipped) < 0 ? order.position : shipped
      dropTaken(this.#spool, both)
    } else {
      this.#closed = true
      void this.#shipper.close().finally(() => this.#port.close())
    }
  }

  async #run(): Promise<void> {
    this.#running = true
    while (!this.#closed) {
      try {
        if (!(await this.#shipper.step(this.#goal))) break
        if (this.#troubled) this.#say({ kind: 'trouble' })
        this.#troubled = false
        this.#say({ kind: 'shipped', position: this.#shipper.shipped })
      } catch (error) {
        if (this.#closed) break
        const { code, detail } = publicFault(error)
        if (FINAL_CODES.includes(code)) return this.#say({ kind: 'failed', code, detail })
        this.#troubled = true
        this.#say({ kind: 'trouble', detail })
        await pause(RETRY_MS)
      }
    }
    this.#running = false
  }

  #say(news: ShipNews): void {
    this.#port.postMessage(news)
  }
}

if (parentPort !== null) {
  const port = parentPort
  const thread = new ShipThread(port, workerData as ShipStart)
  port.on('message', (order: ShipOrder) => thread.obey(order))
}
