// Holds the windows that history is told over, and how exact each is.

import type { Windows } from '../../wire/history.ts'
import { Buckets, type BucketRow } from './buckets.ts'

/** Windows and the length of their buckets (ms): a window is at most that much longer than its name says. */
export const SPANS = [
  { windowMs: 60_000, bucketMs: 1_000 },
  { windowMs: 3_600_000, bucketMs: 60_000 },
  { windowMs: 86_400_000, bucketMs: 900_000 },
] as const

/** The same columns over a minute, an hour and a day. */
export class Spans {
  readonly #minute: Buckets
  readonly #hour: Buckets
  readonly #day: Buckets

  constructor(columns: number) {
    const [minute, hour, day] = SPANS
    this.#minute = new Buckets(minute.windowMs, minute.bucketMs, columns)
    this.#hour = new Buckets(hour.windowMs, hour.bucketMs, columns)
    this.#day = new Buckets(day.windowMs, day.bucketMs, columns)
  }

  /** Adds one amount per column to every window. Returns the buckets, to take it out again. */
  add(amounts: readonly number[], now: number): readonly [number, number, number] {
    return [
      this.#minute.add(amounts, now),
      this.#hour.add(amounts, now),
      this.#day.add(amounts, now),
    ]
  }

  take(amounts: readonly number[], [minute, hour, day]: readonly [number, number, number]): void {
    this.#minute.take(amounts, minute)
    this.#hour.take(amounts, hour)
    this.#day.take(amounts, day)
  }

  windows(column: number, now: number): Windows {
    return {
      minute: this.#minute.sum(column, now),
      hour: this.#hour.sum(column, now),
      day: this.#day.sum(column, now),
    }
  }

  empty(now: number): boolean {
    return this.#day.empty(now)
  }

  rows(): (readonly BucketRow[])[] {
    return [this.#minute.rows(), this.#hour.rows(), this.#day.rows()]
  }

  load(rows: readonly (readonly BucketRow[])[], now: number): void {
    const [minute = [], hour = [], day = []] = rows
    this.#minute.load(minute, now)
    this.#hour.load(hour, now)
    this.#day.load(day, now)
  }
}
