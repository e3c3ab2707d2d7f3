// Holds the exporter: one sink's way through the log, at least once, from where it was, never held up by anybody but its sink.

import type { Clock } from '../../std/clock.ts'
import { Fault, publicFault } from '../../std/fault.ts'
import type { Timer } from '../../std/timer.ts'
import { exportEvents } from './events.ts'
import type { LogFollower } from '../log-follow.ts'
import { selects, type ExportEvent, type Sink, type SinkState } from './sink.ts'
import { targetOf, type SinkSettings } from './settings.ts'

/** Records that are looked at in one step, and events and bytes of one delivery. */
const STEP_RECORDS = 1_024
const BATCH_EVENTS = 256
/** Pauses after a failure: doubled each time, between these (ms). */
const RETRY_MIN_MS = 1_000
const RETRY_MAX_MS = 60_000

/** How far a sink has come, for good: everything before `next` has arrived. */
export interface Reached {
  readonly next: number
  /** Leaf hash of the record before it; empty at the beginning of the log. */
  readonly leaf: string
}

/** What an exporter stands on. */
export interface ExporterParts {
  readonly settings: SinkSettings
  readonly sink: Sink
  readonly follower: Pick<LogFollower, 'entries' | 'shards' | 'size'>
  /** Origin of the log. */
  readonly origin: string
  readonly clock: Clock
  readonly timer: Timer
  readonly from: Reached
  /** Told whenever something has changed. */
  readonly changed: (state: SinkState, reached: Reached) => void
}

interface Unsettled extends Reached {
  readonly at: number
}

/** Sends one sink what the log has, in order. */
export class Exporter {
  readonly #parts: ExporterParts
  #reached: Reached
  /** Where the next delivery begins; ahead of `#reached` by what has been sent and not settled. */
  #next: number
  #unsettled: Unsettled[] = []
  #sent = 0
  #refused = 0
  #lastSent: number | undefined
  #problem: string | undefined
  #pause = 0
  #batch = BATCH_EVENTS
  #running: Promise<void> | undefined
  #cancel: (() => void) | undefined
  #closed = false
  #halting = false

  constructor(parts: ExporterParts) {
    this.#parts = parts
    this.#reached = parts.from
    this.#next = parts.from.next
  }

  /** Goes on where there is something to send. */
  wake(): void {
    if (this.#closed || this.#running !== undefined || this.#pause > 0) return
    this.#running = this.#run()
      .catch((error: unknown) => void this.#failed(error))
      .finally(() => {
        this.#running = undefined
        this.#schedule()
      })
  }

  /** Goes back, or forward, to another record. */
  async replay(from: number): Promise<void> {
    await this.#halted()
    this.#reached = { next: from, leaf: leafBefore(this.#parts, from) }
    this.#next = from
    this.#unsettled = []
    this.#pause = 0
    this.#tell()
    this.wake()
  }

  /** Sends one record now, out of its turn. Throws what the sink throws. */
  async test(index: number): Promise<void> {
    await this.#halted()
    const [event] = exportEvents(this.#parts.follower, this.#parts.origin, index, 1)
    try {
      if (event !== undefined) await this.#parts.sink.send([event])
      this.#problem = undefined
      this.#pause = 0
    } finally {
      this.#tell()
      this.wake()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancel?.()
    await this.#running
    await this.#parts.sink.close()
  }

  /** Lets the delivery under way come to its end, and no further one begin. */
  async #halted(): Promise<void> {
    this.#halting = true
    await this.#running
    this.#halting = false
  }

  async #run(): Promise<void> {
    const { follower, origin } = this.#parts
    for (;;) {
      if (this.#closed || this.#halting) return
      const events = exportEvents(follower, origin, this.#next, STEP_RECORDS)
      const last = events.at(-1)
      if (last === undefined) return this.#settle()
      const wanted = events.filter(({ record }) =>
        selects(this.#parts.settings.select, record.type),
      )
      if (!(await this.#deliver(wanted))) return
      this.#passed(last)
    }
  }

  /** Sends what is wanted; false where it has to be tried again later. */
  async #deliver(events: readonly ExportEvent[]): Promise<boolean> {
    for (let at = 0; at < events.length;) {
      if (this.#closed || this.#halting) return false
      const batch = events.slice(at, at + this.#batch)
      try {
        await this.#parts.sink.send(batch)
        this.#sent += batch.length
        this.#batch = Math.min(BATCH_EVENTS, this.#batch * 2)
        at += batch.length
        this.#well(batch)
      } catch (error) {
        if (!isRefusal(error)) return this.#failed(error)
        // One event that is never taken must not hold up all that come after it: it is found by halves, counted and left out.
        if (batch.length === 1) {
          this.#refused += 1
          this.#problem = publicFault(error).detail
          at += 1
        } else this.#batch = Math.ceil(batch.length / 2)
      }
    }
    return true
  }

  #well(batch: readonly ExportEvent[]): void {
    this.#lastSent = this.#parts.clock.now()
    this.#problem = undefined
    this.#pause = 0
    const last = batch.at(-1)
    if (last !== undefined) this.#passed(last)
  }

  #passed({ index, leaf }: ExportEvent): void {
    if (index + 1 <= this.#next) return
    this.#next = index + 1
    this.#unsettled.push({ next: index + 1, leaf, at: this.#parts.clock.monotonic() })
    this.#settle()
  }

  /** What was sent long enough ago counts: nothing that can still be lost is ever behind the cursor. */
  #settle(): void {
    const before = this.#parts.clock.monotonic() - this.#parts.sink.settleMs
    const settled = this.#unsettled.findLast(({ at }) => at <= before)
    if (settled === undefined) return
    this.#unsettled = this.#unsettled.filter(({ next }) => next > settled.next)
    this.#reached = { next: settled.next, leaf: settled.leaf }
    this.#tell()
  }

  #failed(error: unknown): false {
    this.#problem = publicFault(error).detail
    this.#pause = Math.min(RETRY_MAX_MS, Math.max(RETRY_MIN_MS, this.#pause * 2))
    // What was not settled went with the connection.
    this.#next = this.#reached.next
    this.#unsettled = []
    this.#tell()
    return false
  }

  #schedule(): void {
    this.#cancel?.()
    this.#cancel = undefined
    if (this.#closed) return
    const unsettled = this.#unsettled.length > 0 ? this.#parts.sink.settleMs : 0
    const wait = this.#pause > 0 ? this.#pause : unsettled
    if (wait === 0) return
    this.#cancel = this.#parts.timer.after(wait, () => {
      const paused = this.#pause
      this.#pause = 0
      this.wake()
      // Kept for the next failure to double.
      if (paused > 0) this.#pause = paused
    })
  }

  #tell(): void {
    const { settings, changed } = this.#parts
    changed(
      {
        name: settings.name,
        kind: settings.kind,
        target: targetOf(settings),
        next: this.#reached.next,
        sent: this.#sent,
        refused: this.#refused,
        ...(this.#lastSent !== undefined && { lastSent: this.#lastSent }),
        ...(this.#problem !== undefined && { problem: this.#problem }),
      },
      this.#reached,
    )
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Fault && error.code === 'export.refused'
}

/** Empty also where retention has removed that record: then nothing is left to compare with. */
function leafBefore({ follower, origin }: ExporterParts, index: number): string {
  const [before] = index === 0 ? [] : exportEvents(follower, origin, index - 1, 1)
  return before?.index === index - 1 ? before.leaf : ''
}
