// Holds the exporters' thread: what leaves this machine never takes a moment of the thread that decides.

import { setPriority } from 'node:os'
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'

import { systemClock } from '../../std/clock.ts'
import { publicFault } from '../../std/fault.ts'
import { systemTimer } from '../../std/timer.ts'
import { LogFollower } from '../log-follow.ts'
import { Exporter, type Reached } from './exporter.ts'
import { openSink } from './open-sink.ts'
import type { SinkSettings } from './settings.ts'
import type { SinkState } from './sink.ts'

/** Below everybody else's. */
const NICE = 10

/** How the thread is started. */
export interface ExportStart {
  readonly home: string
  readonly origin: string
  readonly version: string
  /** URL of the control listener, for links. */
  readonly control: string
  readonly sinks: readonly { readonly settings: SinkSettings; readonly from: Reached }[]
}

/** What the thread is told. */
export type ExportOrder =
  | { readonly kind: 'grown' }
  | { readonly kind: 'test'; readonly id: number; readonly sink: string; readonly index: number }
  | { readonly kind: 'replay'; readonly id: number; readonly sink: string; readonly from: number }
  | { readonly kind: 'close' }

/** What the thread says. */
export type ExportNews =
  | { readonly kind: 'opened' }
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string }
  | { readonly kind: 'state'; readonly state: SinkState; readonly reached: Reached }
  | {
      readonly kind: 'done'
      readonly id: number
      readonly problem?: { readonly code: string; readonly detail: string }
    }

class ExportThread {
  readonly #port: MessagePort
  readonly #follower: LogFollower
  readonly #exporters: ReadonlyMap<string, Exporter>

  constructor(port: MessagePort, { home, origin, version, control, sinks }: ExportStart) {
    this.#port = port
    const follower = new LogFollower(home)
    this.#follower = follower
    const changed = (state: SinkState, reached: Reached): void =>
      this.#say({ kind: 'state', state, reached })
    const machine = { clock: systemClock, timer: systemTimer }
    this.#exporters = new Map(
      sinks.map(({ settings, from }) => {
        const sink = openSink(settings, version, systemClock, control)
        const parts = { ...machine, settings, sink, follower, origin, from, changed }
        return [settings.name, new Exporter(parts)]
      }),
    )
    this.#say({ kind: 'opened' })
    this.#wake()
  }

  obey(order: ExportOrder): void {
    switch (order.kind) {
      case 'grown':
        return this.#wake()
      case 'test':
        return this.#answer(order.id, this.#exporters.get(order.sink)?.test(order.index))
      case 'replay':
        return this.#answer(order.id, this.#exporters.get(order.sink)?.replay(order.from))
      case 'close':
        void this.#close()
    }
  }

  #wake(): void {
    for (const exporter of this.#exporters.values()) exporter.wake()
  }

  #answer(id: number, work: Promise<void> | undefined): void {
    Promise.resolve(work).then(
      () => this.#say({ kind: 'done', id }),
      (error: unknown) => {
        const { code, detail } = publicFault(error)
        this.#say({ kind: 'done', id, problem: { code, detail } })
      },
    )
  }

  async #close(): Promise<void> {
    await Promise.allSettled([...this.#exporters.values()].map((exporter) => exporter.close()))
    this.#follower.close()
    this.#port.close()
  }

  #say(news: ExportNews): void {
    this.#port.postMessage(news)
  }
}

if (parentPort !== null) {
  const port = parentPort
  if (process.platform === 'linux') setPriority(0, NICE)
  try {
    const thread = new ExportThread(port, workerData as ExportStart)
    port.on('message', (order: ExportOrder) => thread.obey(order))
  } catch (error) {
    const { code, detail } = publicFault(error)
    port.postMessage({ kind: 'failed', code, detail } satisfies ExportNews)
    port.close()
  }
}
