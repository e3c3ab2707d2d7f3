// Holds how many different recipients a window saw: exact up to a bound, and never fewer than there were beyond it.

import { Buckets, type BucketRow } from './buckets.ts'

/** Recipients that one window tells apart. */
export const MOST_DISTINCT = 512

/** A commitment's first 132 bits tell it apart, and cost a third of the memory. */
const KEY_LENGTH = 22
const PREFIX = 'hmac-sha256:'

/** What a row keeps: names with the bucket in which each was seen last, and those beyond the bound. */
export interface DistinctRow {
  readonly seen: readonly (readonly [string, number])[]
  readonly over: readonly BucketRow[]
}

/** The part of a commitment by which recipients are told apart. */
export function recipientKey(commitment: string): string {
  const text = commitment.startsWith(PREFIX) ? commitment.slice(PREFIX.length) : commitment
  return text.slice(0, KEY_LENGTH)
}

/**
 * Distinct names over a window. While there are as many as the bound, a name that is not among them counts as new each time it
 * comes: the count saturates upwards, and a limit on it holds too early rather than too late.
 */
export class Distinct {
  readonly #bucketMs: number
  readonly #kept: number
  /** Name and the bucket in which it was seen last, the least recent first. */
  readonly #seen = new Map<string, number>()
  readonly #over: Buckets
  #head = 0

  constructor(windowMs: number, bucketMs: number) {
    this.#bucketMs = bucketMs
    this.#kept = windowMs / bucketMs
    this.#over = new Buckets(windowMs, bucketMs, 1)
  }

  /** Sees a name. */
  see(name: string, now: number): void {
    this.#advance(now)
    if (this.#seen.get(name) === this.#head) return
    if (this.#seen.delete(name) || this.#seen.size < MOST_DISTINCT) this.#seen.set(name, this.#head)
    else this.more(1, now)
  }

  /** Counts names that nobody told apart. */
  more(count: number, now: number): void {
    if (count > 0) this.#over.add([count], now)
  }

  /** How many there were, or more. */
  count(now: number): number {
    this.#advance(now)
    return this.#seen.size + this.#over.sum(0, now)
  }

  /** How many more there would be with these names. */
  added(names: readonly string[], now: number): number {
    this.#advance(now)
    let count = 0
    for (const name of names) if (!this.#seen.has(name)) count++
    return count
  }

  /** In how many ms there will be at most `most`; 0 where it is so. */
  fallsIn(most: number, now: number): number {
    let left = this.count(now)
    if (left <= most) return 0
    const leaving = [
      ...[...this.#seen.values()].map((bucket) => [bucket, 1] as const),
      ...this.#over.rows().map(([bucket = 0, count = 0]) => [bucket, count] as const),
    ].sort(([a], [b]) => a - b)
    for (const [bucket, count] of leaving) {
      left -= count
      if (left <= most) return Math.max(1, (bucket + this.#kept + 1) * this.#bucketMs - now)
    }
    return 0
  }

  empty(now: number): boolean {
    return this.count(now) === 0
  }

  rows(): DistinctRow {
    return { seen: [...this.#seen], over: this.#over.rows() }
  }

  load(row: DistinctRow, now: number): void {
    const latest = Math.floor(now / this.#bucketMs)
    for (const [name, bucket] of row.seen) {
      this.#head = Math.max(this.#head, Math.min(bucket, latest))
      this.#seen.set(name, Math.min(bucket, latest))
    }
    this.#over.load(row.over, now)
  }

  #advance(now: number): void {
    const head = Math.floor(now / this.#bucketMs)
    if (head <= this.#head) return
    this.#head = head
    const oldest = head - this.#kept
    for (const [name, bucket] of this.#seen) {
      if (bucket >= oldest) break
      this.#seen.delete(name)
    }
  }
}
