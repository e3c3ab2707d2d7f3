// Holds the sequencer's thread: steps toward the goal that it was given, listening to its port between two steps.

import { setPriority } from 'node:os'
import { join } from 'node:path'
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'

import { Fault, publicFault } from '../std/fault.ts'
import type { DurableBatch } from './durable-batch.ts'
import type { LogHead } from './log-state.ts'
import { comparePositions, type Position } from './segment.ts'
import type { LogWriterOptions } from './log-writer.ts'
import { Sequencer } from './sequencer.ts'
import { scanSpool, type SpoolScan } from './spool-scan.ts'

/** Steps below everybody else's, which still is a third of a core under full load: checkpoints keep coming. */
const NICE = 5

/** How the thread is started. */
export interface SequencerStart extends LogWriterOptions {
  /** False while a spool thread of this process is writing: only what it acknowledges counts, nothing is scanned. */
  readonly recover: boolean
}

/** What the thread is told. */
export type SequencerOrder =
  /** `batches` are those that became durable since the last such order. */
  | {
      readonly kind: 'advance'
      readonly goal: Position
      readonly batches: readonly DurableBatch[]
    }
  | {
      readonly kind: 'publish'
      readonly shard: string
      readonly size: number
      readonly note: string
    }
  | { readonly kind: 'close' }

/** What the thread says. */
export type SequencerNews =
  | {
      readonly kind: 'opened'
      readonly head: LogHead
      readonly scan: SpoolScan
      /** Closed shards whose last checkpoint nobody has published. */
      readonly unpublished: readonly string[]
    }
  | { readonly kind: 'committed'; readonly head: LogHead }
  | { readonly kind: 'published'; readonly shard: string; readonly size: number }
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string }

/** Runs one sequencer on a port until it is closed or fails; a failure is the last thing that it says, and that it does. */
export class SequencerThread {
  readonly #port: MessagePort
  #sequencer: Sequencer | undefined
  #goal: Position
  #running = false

  constructor(port: MessagePort, start: SequencerStart) {
    this.#port = port
    const sequencer = new Sequencer(start)
    this.#sequencer = sequencer
    this.#goal = sequencer.head.position
    const scan = start.recover ? recover(sequencer, join(start.home, 'spool')) : { torn: 0 }
    const unpublished = sequencer.unpublished()
    this.#say({ kind: 'opened', head: sequencer.head, scan, unpublished })
  }

  hear(order: SequencerOrder): void {
    this.#guarded((sequencer) => this.#obey(sequencer, order))
  }

  #obey(sequencer: Sequencer, order: SequencerOrder): void {
    switch (order.kind) {
      case 'advance':
        sequencer.expect(order.batches)
        if (comparePositions(order.goal, this.#goal) > 0) this.#goal = order.goal
        if (!this.#running) this.#turn(sequencer)
        return
      case 'publish':
        sequencer.publish(order.shard, order.size, order.note)
        return this.#say({ kind: 'published', shard: order.shard, size: order.size })
      case 'close':
        this.#end()
        this.#port.close()
    }
  }

  #turn(sequencer: Sequencer): void {
    this.#running = sequencer.step(this.#goal)
    if (!this.#running) return
    this.#say({ kind: 'committed', head: sequencer.head })
    // A new turn of the loop: the order to publish must not wait until the goal is reached.
    setImmediate(() => this.#guarded((still) => this.#turn(still)))
  }

  /** Orders that were on their way when something failed, and turns that were, find nobody: what is left is half of a step. */
  #guarded(work: (sequencer: Sequencer) => void): void {
    if (this.#sequencer === undefined) return
    try {
      work(this.#sequencer)
    } catch (error) {
      this.#end()
      this.#port.postMessage(failure(error))
      this.#port.close()
    }
  }

  #end(): void {
    const sequencer = this.#sequencer
    this.#sequencer = undefined
    sequencer?.close()
  }

  #say(news: SequencerNews): void {
    this.#port.postMessage(news)
  }
}

/** Sequences what earlier processes left in the spool. */
function recover(sequencer: Sequencer, spool: string): SpoolScan {
  const { size, position } = sequencer.head
  const scan = scanSpool(spool, position, size)
  if (scan.end !== undefined) {
    const goal = { segment: scan.end.segment, offset: scan.end.end }
    while (sequencer.step(goal));
  }
  return scan
}

function failure(error: unknown): SequencerNews {
  const { code, detail } = publicFault(error)
  const words = error instanceof Fault || !(error instanceof Error) ? detail : error.message
  return { kind: 'failed', code, detail: words }
}

if (parentPort !== null) {
  const port = parentPort
  // On Linux the priority is the calling thread's alone: where cores are scarce, a call that waits for its record goes first.
  if (process.platform === 'linux') setPriority(0, NICE)
  try {
    const thread = new SequencerThread(port, workerData as SequencerStart)
    port.on('message', (order: SequencerOrder) => thread.hear(order))
  } catch (error) {
    port.postMessage(failure(error))
    port.close()
  }
}
