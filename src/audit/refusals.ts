// Holds the count of refusals of the unauthenticated: exact numbers in few records, so that nobody can fill the log.

import { rfc3339, type Clock } from '../std/clock.ts'
import type { JsonObject } from '../std/json.ts'
import type { AuditSink } from '../wire/record.ts'

/** Pairs of kind and listener that are told apart; what comes beyond is counted together as `other`. */
const PAIRS_MAX = 64
const NAME_MAX = 64
const OTHER = 'other'

/** Settings of a counter. */
export interface RefusalOptions {
  readonly sink: AuditSink
  readonly clock: Clock
  /** Between two records, ms; default 10,000. */
  readonly intervalMs?: number
}

/** Counts refusals and appends `refusals.unauthenticated` once an interval in which there were any, and on close. */
export class RefusalCounter {
  readonly #sink: AuditSink
  readonly #clock: Clock
  readonly #timer: NodeJS.Timeout
  #counts = new Map<string, { kind: string; listener: string; count: number }>()
  #since: number
  #writing: Promise<void> = Promise.resolve()

  constructor(options: RefusalOptions) {
    this.#sink = options.sink
    this.#clock = options.clock
    this.#since = options.clock.now()
    // A failure keeps the counts for the next interval; the sink's own stats say why it fails.
    this.#timer = setInterval(
      () => void this.flush().catch(() => this.#since),
      options.intervalMs ?? 10_000,
    )
    this.#timer.unref()
  }

  /** Counts one refusal: `kind` is the code of the refusal, `listener` where it happened. Both are ours, never the caller's. */
  count(kind: string, listener: string): void {
    this.#add(kind.slice(0, NAME_MAX), listener.slice(0, NAME_MAX), 1)
  }

  /** Records what was counted since the last record. Rejects with the sink's fault, and then nothing is forgotten. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(
      () => this.#write(),
      () => this.#write(),
    )
    return this.#writing
  }

  /** Stops the interval and records the rest. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.flush()
  }

  async #write(): Promise<void> {
    if (this.#counts.size === 0) return
    const counts = [...this.#counts.values()]
    const since = this.#since
    this.#counts = new Map()
    this.#since = this.#clock.now()
    try {
      await this.#sink.append({
        type: 'refusals.unauthenticated',
        phase: 'decision',
        body: refusalBody(counts, since, this.#since),
      })
    } catch (error) {
      for (const { kind, listener, count } of counts) this.#add(kind, listener, count)
      this.#since = since
      throw error
    }
  }

  #add(kind: string, listener: string, count: number): void {
    const key = `${kind} ${listener}`
    const known = this.#counts.get(key)
    if (known !== undefined) known.count += count
    else if (this.#counts.size < PAIRS_MAX) this.#counts.set(key, { kind, listener, count })
    else if (kind !== OTHER || listener !== OTHER) this.#add(OTHER, OTHER, count)
    else this.#counts.set(key, { kind, listener, count })
  }
}

function refusalBody(
  counts: readonly { kind: string; listener: string; count: number }[],
  since: number,
  until: number,
): JsonObject {
  const total = counts.reduce((sum, { count }) => sum + count, 0)
  const listed = counts.map(({ kind, listener, count }) => ({ kind, listener, count }))
  return { since: rfc3339(since), until: rfc3339(until), total, refused: listed }
}
