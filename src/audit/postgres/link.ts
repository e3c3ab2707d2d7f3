// Holds the request thread's side of a log on PostgreSQL: two threads, signing for the one that leads, and who waits.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import type { Fault } from '../../std/fault.ts'
import { fault } from '../faults.ts'
import type { DurableBatch } from '../durable-batch.ts'
import { HeadWaits } from '../head-waits.ts'
import type { LogKey } from '../log-key.ts'
import type { LogHead } from '../log-state.ts'
import { comparePositions, type Position } from '../segment.ts'
import { signShard, threadFault } from '../shard-note.ts'
import type { SpoolScan } from '../spool-scan.ts'
import { endOf } from './attachment.ts'
import type { OrderNews, OrderOrder, OrderStart } from './order-thread.ts'
import type { Refusal } from './refused.ts'
import type { ShipNews, ShipOrder, ShipStart } from './ship-worker.ts'

/** Longest that nothing may move while somebody waits for it (ms). */
const STILL_MS = 10_000

/** Boots whose refusal one process tells of: whoever makes them must not fill the log by that. */
const REFUSED_MAX = 64

/** What the link needs. */
export interface PostgresLinkOptions {
  readonly home: string
  readonly gateway: string
  readonly url: string
  readonly key: LogKey
  /** Longest time between a record in the database and its place in the log, ms. */
  readonly checkpointMs: number
}

/** Who is attached, as last seen. */
interface Attached {
  /** Gateways, this one included. */
  readonly gateways: number
  /** Whether this process gives records their indices. */
  readonly leading: boolean
}

/** One process's part of a log that PostgreSQL orders; the same face as the sequencer of a home by itself. */
export class PostgresLink {
  readonly #key: LogKey
  readonly #order: Worker
  readonly #ship: Worker
  readonly #waits = new HeadWaits()
  readonly #grown = new Set<(head: LogHead) => void>()
  readonly #shippedListeners = new Set<(position: Position) => void>()
  #head: LogHead
  #published = -1
  #shipped: Position
  /** End of the durable spool, as the threads know it. */
  #noted: Position
  /** What somebody waits for: once it is shipped, whoever leads is asked for haste. */
  #wanted: Position | undefined
  #attached: Attached = { gateways: 1, leading: false }
  readonly #troubles = new Map<'ship' | 'order', Fault>()
  #final: Fault | undefined
  #failed: ((error: Fault) => void) | undefined
  readonly #refused = new Map<string, Refusal>()
  #refusedListener: ((refusal: Refusal) => void) | undefined
  #closing = false

  private constructor(options: PostgresLinkOptions, order: Worker, ship: Worker, head: LogHead) {
    this.#key = options.key
    this.#order = order
    this.#ship = ship
    this.#head = head
    this.#shipped = head.position
    this.#noted = head.position
    order.on('message', (news: OrderNews) => this.#hearOrder(news))
    ship.on('message', (news: ShipNews) => this.#hearShip(news))
    for (const worker of [order, ship]) {
      worker.on('error', (error) => this.#fell(fault('audit.unavailable', error.message)))
    }
  }

  /**
   * Attaches, follows the database to where it is, ships what earlier processes left in the spool, and waits for its place.
   * Throws what `Attachment.open` throws.
   */
  static async open(
    options: PostgresLinkOptions,
  ): Promise<{ link: PostgresLink; scan: SpoolScan }> {
    const { home, gateway, url, key, checkpointMs } = options
    const { origin, vkey } = key
    const spoolKey = key.spoolKey()
    const start: OrderStart = { home, gateway, url, origin, vkey, spoolKey, checkpointMs }
    const order = new Worker(new URL('./order-worker.ts', import.meta.url), { workerData: start })
    const opened = await new Promise<OrderNews>((resolve, reject) => {
      order.once('message', resolve)
      order.once('error', reject)
    })
    if (opened.kind !== 'opened') {
      if (order.threadId !== -1) await once(order, 'exit')
      if (opened.kind === 'failed') throw threadFault(opened.code, opened.detail)
      throw fault('audit.unavailable', 'the log did not open')
    }
    const { head, scan } = opened
    const workerData: ShipStart = { home, gateway, url, origin, spoolKey, from: head.position }
    const ship = new Worker(new URL('./ship-worker.ts', import.meta.url), { workerData })
    const link = new PostgresLink(options, order, ship, head)
    try {
      const end = endOf(scan, head.position)
      link.#durable(end)
      await link.reach(end)
    } catch (error) {
      await link.close()
      throw error
    }
    return { link, scan }
  }

  /** This home's copy of the log, as last committed. */
  get head(): LogHead {
    return this.#head
  }

  /** Records under published checkpoints; -1 before the first of this process. */
  get published(): number {
    return this.#published
  }

  /** Why durable records do not reach the log at this moment; undefined while all is well. */
  get problem(): Fault | undefined {
    return this.#final ?? this.#troubles.get('ship') ?? this.#troubles.get('order')
  }

  /** Who is attached, as last seen. */
  get attached(): Attached {
    return this.#attached
  }

  /** Everything of the spool before it is committed in the database. */
  get shipped(): Position {
    return this.#shipped
  }

  /** Calls `failed` on a failure that nothing can cure, also one that has happened already. */
  onFailure(failed: (error: Fault) => void): void {
    this.#failed = failed
    if (this.#final !== undefined) failed(this.#final)
  }

  /** Calls `listener` with every step that the log goes forward. The answer ends it. */
  onGrown(listener: (head: LogHead) => void): () => void {
    this.#grown.add(listener)
    return () => void this.#grown.delete(listener)
  }

  /** Calls `listener` with what gets no index because no gateway of this log recorded it, also what was found already; each boot once. */
  onRefused(listener: (refusal: Refusal) => void): void {
    this.#refusedListener = listener
    for (const each of this.#refused.values()) listener(each)
  }

  /** Calls `listener` whenever more of the spool is committed in the database. */
  onShipped(listener: (position: Position) => void): void {
    this.#shippedListeners.add(listener)
  }

  /** Notes one further batch of the spool: it will be shipped at once, and sequenced within the bound. */
  noteDurable(batch: DurableBatch): void {
    // Said twice: by the gate as soon as it is on this disk, and by the log once it counts.
    if (comparePositions(batch.position, this.#noted) <= 0) return
    this.#durable(batch.position, batch)
  }

  /** Asks for everything up to `position` at once. Rejects where the log stands still. */
  async reach(position: Position): Promise<void> {
    if (comparePositions(this.#head.position, position) >= 0) return
    this.#wanted = position
    this.#hurry()
    await this.#until(() => comparePositions(this.#head.position, position) >= 0)
  }

  /** Resolves once a checkpoint of at least `size` is published. */
  async publishedTo(size: number): Promise<void> {
    await this.#until(() => this.#published >= size)
  }

  /** Ends both threads; what is not shipped stays in the spool. */
  async close(): Promise<void> {
    this.#closing = true
    this.#tellOrder({ kind: 'close' })
    this.#tellShip({ kind: 'close' })
    const running = [this.#order, this.#ship].filter(({ threadId }) => threadId !== -1)
    await Promise.all(running.map((worker) => once(worker, 'exit')))
  }

  #durable(position: Position, batch?: DurableBatch): void {
    this.#noted = position
    this.#tellOrder({ kind: 'durable', position })
    this.#tellShip({ kind: 'durable', position, ...(batch && { batch }) })
  }

  #hearOrder(news: OrderNews): void {
    switch (news.kind) {
      case 'failed':
        return this.#fell(threadFault(news.code, news.detail))
      case 'trouble':
        return this.#troubled('order', news.detail)
      case 'attached':
        this.#attached = news
        break
      case 'published': {
        const shard = this.#head.shards.find(({ name }) => name === news.shard)
        if (shard !== undefined) {
          this.#published = Math.max(this.#published, shard.base + news.size)
        }
        break
      }
      case 'refused':
        this.#foundUnsealed(news)
        break
      case 'committed':
        this.#committed(news.head, news.sign)
        break
      case 'opened':
      // It was the first word, and has been heard.
    }
    this.#waits.look()
  }

  #committed(head: LogHead, sign: readonly string[]): void {
    const { segment } = this.#head.position
    this.#head = head
    if (head.position.segment > segment) this.#tellShip({ kind: 'taken', position: head.position })
    for (const shard of head.shards) {
      if (!sign.includes(shard.name)) continue
      const { name, size } = shard
      this.#tellOrder({ kind: 'publish', shard: name, size, note: signShard(this.#key, shard) })
    }
    for (const listener of this.#grown) listener(head)
  }

  #foundUnsealed(refusal: Refusal): void {
    const key = JSON.stringify([refusal.gateway, refusal.boot, refusal.leading])
    if (this.#refused.has(key) || this.#refused.size >= REFUSED_MAX) return
    this.#refused.set(key, refusal)
    this.#refusedListener?.(refusal)
  }

  #hearShip(news: ShipNews): void {
    if (news.kind === 'failed') return this.#fell(threadFault(news.code, news.detail))
    if (news.kind === 'trouble') return this.#troubled('ship', news.detail)
    this.#shipped = news.position
    for (const listener of this.#shippedListeners) listener(news.position)
    this.#hurry()
  }

  #hurry(): void {
    if (this.#wanted === undefined || comparePositions(this.#shipped, this.#wanted) < 0) return
    this.#wanted = undefined
    this.#tellOrder({ kind: 'hurry' })
  }

  #troubled(what: 'ship' | 'order', detail: string | undefined): void {
    if (detail === undefined) this.#troubles.delete(what)
    else this.#troubles.set(what, fault('audit.unavailable', detail))
    const { problem } = this
    if (problem !== undefined) this.#waits.reject(problem)
  }

  #fell(error: Fault): void {
    if (this.#closing || this.#final !== undefined) return
    this.#final = error
    this.#waits.reject(error)
    this.#failed?.(error)
  }

  #tellOrder(order: OrderOrder): void {
    this.#order.postMessage(order)
  }

  #tellShip(order: ShipOrder): void {
    this.#ship.postMessage(order)
  }

  async #until(done: () => boolean): Promise<void> {
    if (done()) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const words = `the log in the database has not moved for ${STILL_MS / 1000} s`
      let before = this.#progress()
      timer = setInterval(() => {
        const now = this.#progress()
        if (now === before) reject(fault('audit.unavailable', words))
        before = now
      }, STILL_MS)
    })
    try {
      await Promise.race([this.#waits.until(done, this.problem), late])
    } finally {
      clearInterval(timer)
    }
  }

  #progress(): string {
    const { segment, offset } = this.#shipped
    return `${segment} ${offset} ${this.#head.size} ${this.#published}`
  }
}
