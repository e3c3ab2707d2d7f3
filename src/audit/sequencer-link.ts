// Holds the request thread's side of the sequencer: asks it to catch up, signs what it commits, restarts it when it fails.

import { Worker } from 'node:worker_threads'

import { Fault } from '../std/fault.ts'
import { DurableBatches, type DurableBatch } from './durable-batch.ts'
import { fault } from './faults.ts'
import { HeadWaits } from './head-waits.ts'
import type { LogKey } from './log-key.ts'
import type { LogHead } from './log-state.ts'
import { comparePositions, type Position } from './segment.ts'
import type { ShardHead } from './shard.ts'
import { FINAL_CODES, signShard, threadFault } from './shard-note.ts'
import type { SequencerNews, SequencerOrder, SequencerStart } from './sequencer-worker.ts'
import type { SpoolScan } from './spool-scan.ts'

/** Pause before a failed sequencer is started again. */
const RESTART_MS = 1000
/** What the link needs. */
export interface SequencerLinkOptions {
  readonly home: string
  readonly key: LogKey
  /** Longest time between a durable record and its place in the log, ms. */
  readonly checkpointMs: number
}

/** One sequencer, whichever thread it is running in. */
export class SequencerLink {
  readonly #options: SequencerLinkOptions
  #worker: Worker
  #head: LogHead
  #published = -1
  #goal: Position
  /** What was acknowledged and is not in the log: said again to a thread that takes over from one that failed. */
  readonly #written = new DurableBatches()
  /** The newest of them, which the thread was not told of yet. */
  #untold: DurableBatch[] = []
  #timer: NodeJS.Timeout | undefined
  readonly #waits = new HeadWaits()
  #problem: Fault | undefined
  #failed: ((error: Fault) => void) | undefined
  readonly #grown = new Set<(head: LogHead) => void>()
  #closing = false

  private constructor(options: SequencerLinkOptions, started: Started) {
    this.#options = options
    this.#worker = started.worker
    this.#head = started.head
    this.#goal = started.head.position
    this.#attend(started.worker)
    this.#sign(started.unpublished)
  }

  /** Starts the thread, which takes the log over and sequences what earlier processes left in the spool. */
  static async open(
    options: SequencerLinkOptions,
  ): Promise<{ link: SequencerLink; scan: SpoolScan }> {
    const started = await start(options, true)
    return { link: new SequencerLink(options, started), scan: started.scan }
  }

  /** The log as last committed. */
  get head(): LogHead {
    return this.#head
  }

  /** Records under published checkpoints; -1 before the first of this process. */
  get published(): number {
    return this.#published
  }

  /** Why the sequencer stands still at this moment; undefined while all is well. */
  get problem(): Fault | undefined {
    return this.#problem
  }

  /** Calls `failed` on a failure that starting again cannot cure, also one that has happened already. */
  onFailure(failed: (error: Fault) => void): void {
    this.#failed = failed
    if (this.#problem !== undefined && FINAL_CODES.includes(this.#problem.code))
      failed(this.#problem)
  }

  /** Calls `listener` with every step that the log goes forward. The answer ends it. */
  onGrown(listener: (head: LogHead) => void): () => void {
    this.#grown.add(listener)
    return () => void this.#grown.delete(listener)
  }

  /** Notes one further batch of the spool: it will be sequenced and published within the bound. */
  noteDurable(batch: DurableBatch): void {
    this.#untold.push(batch)
    this.#goal = batch.position
    this.#timer ??= setTimeout(() => this.#advance(), this.#options.checkpointMs)
  }

  /** Sequences up to `position` at once. Rejects where the sequencer stands still. */
  async reach(position: Position): Promise<void> {
    if (comparePositions(position, this.#goal) > 0) this.#goal = position
    this.#advance()
    await this.#until(() => comparePositions(this.#head.position, position) >= 0)
  }

  /** Resolves once a checkpoint of at least `size` is published. */
  async publishedTo(size: number): Promise<void> {
    await this.#until(() => this.#published >= size)
  }

  /** Ends the thread; the log stays as it is. */
  async close(): Promise<void> {
    this.#closing = true
    clearTimeout(this.#timer)
    this.#order({ kind: 'close' })
    await new Promise<void>((resolve) => {
      if (this.#worker.threadId === -1) resolve()
      else this.#worker.once('exit', () => resolve())
    })
  }

  #advance(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (comparePositions(this.#goal, this.#head.position) <= 0) return
    const batches = this.#untold
    this.#untold = []
    this.#written.add(batches)
    this.#order({ kind: 'advance', goal: this.#goal, batches })
  }

  #attend(worker: Worker): void {
    worker.on('message', (news: SequencerNews) => this.#hear(news))
    worker.on('error', (error) => this.#fell(fault('audit.unavailable', error.message)))
  }

  #hear(news: SequencerNews): void {
    if (news.kind === 'failed') return this.#fell(threadFault(news.code, news.detail))
    if (news.kind === 'committed') {
      const closed = newlyClosed(this.#head, news.head)
      this.#head = news.head
      this.#written.pass(news.head.position)
      this.#sign(closed)
      for (const listener of this.#grown) listener(news.head)
    }
    if (news.kind === 'published') this.#notePublished(news.shard, news.size)
    this.#waits.look()
  }

  /** Only what is committed is signed, so two signed heads of this log never contradict each other. */
  #sign(closed: readonly string[]): void {
    const { shards } = this.#head
    const current = shards.at(-1)
    try {
      for (const shard of shards) {
        // One that has begun and holds nothing, after a restore: there is nothing to show yet.
        if (shard.size === 0) continue
        if (shard === current || closed.includes(shard.name)) this.#signShard(shard)
      }
    } catch (cause) {
      // A new shard's line in log.vkey did not become durable. What is committed is signed at the next start of the thread.
      this.#order({ kind: 'close' })
      this.#fell(fault('audit.unavailable', 'a checkpoint cannot be signed', cause))
    }
    if (current === undefined) this.#published = 0
  }

  #signShard(shard: ShardHead): void {
    const { name, size } = shard
    this.#order({ kind: 'publish', shard: name, size, note: signShard(this.#options.key, shard) })
  }

  #notePublished(name: string, size: number): void {
    const shard = this.#head.shards.find((one) => one.name === name)
    if (shard !== undefined) this.#published = Math.max(this.#published, shard.base + size)
  }

  #order(order: SequencerOrder): void {
    this.#worker.postMessage(order)
  }

  #fell(error: Fault): void {
    if (this.#closing || this.#problem !== undefined) return
    this.#problem = error
    this.#waits.reject(error)
    if (FINAL_CODES.includes(error.code)) return this.#failed?.(error)
    setTimeout(() => void this.#restart(), RESTART_MS).unref()
  }

  async #restart(): Promise<void> {
    if (this.#closing) return
    this.#problem = undefined
    try {
      const { worker, head, unpublished } = await start(this.#options, false)
      this.#worker = worker
      if (this.#closing) return this.#order({ kind: 'close' })
      this.#head = head
      this.#attend(worker)
      this.#sign(unpublished)
      this.#written.pass(head.position)
      this.#untold.unshift(...this.#written.drain())
      this.#advance()
    } catch (error) {
      this.#fell(error instanceof Fault ? error : fault('audit.unavailable', String(error)))
    }
  }

  #until(done: () => boolean): Promise<void> {
    return this.#waits.until(done, this.#problem)
  }
}

/** Shards that grew in one head and do so no more in the next. */
function newlyClosed(before: LogHead, after: LogHead): string[] {
  const known = new Set(before.shards.slice(0, -1).map(({ name }) => name))
  const closed = after.shards.slice(0, -1)
  return closed.flatMap(({ name }) => (known.has(name) ? [] : [name]))
}

interface Started {
  readonly worker: Worker
  readonly head: LogHead
  readonly scan: SpoolScan
  readonly unpublished: readonly string[]
}

async function start(options: SequencerLinkOptions, recover: boolean): Promise<Started> {
  const { home, key } = options
  const workerData: SequencerStart = { home, origin: key.origin, vkey: key.vkey, recover }
  const worker = new Worker(new URL('./sequencer-worker.ts', import.meta.url), { workerData })
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  const news = await new Promise<SequencerNews>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  if (news.kind === 'failed') {
    // Its hold on the home's files ends with the thread.
    await ended
    throw threadFault(news.code, news.detail)
  }
  if (news.kind !== 'opened') throw fault('audit.unavailable', 'the sequencer did not open')
  const { head, scan, unpublished } = news
  return { worker, head, scan, unpublished }
}
