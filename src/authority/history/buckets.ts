// Holds sums over one sliding window, kept in buckets of time: a window never counts less than it should.

/** A bucket as a row keeps it: its number (time divided by its length), then one sum per column. */
export type BucketRow = readonly number[]

/**
 * Sums over a window that ends now. The window reaches back to the beginning of the bucket that its exact beginning falls into, so
 * it is at most one bucket longer than its name says, and never shorter. Time that goes backwards changes nothing: what happens
 * counts in the newest bucket, and stays at least as long as it should.
 */
export class Buckets {
  readonly #bucketMs: number
  readonly #kept: number
  readonly #columns: number
  readonly #numbers: number[] = []
  readonly #values: number[][] = []
  readonly #sums: number[]
  #head = 0

  /** `windowMs` is a multiple of `bucketMs`. */
  constructor(windowMs: number, bucketMs: number, columns: number) {
    this.#bucketMs = bucketMs
    this.#kept = windowMs / bucketMs
    this.#columns = columns
    this.#sums = Array.from({ length: columns }, () => 0)
  }

  /** Adds one amount per column. Returns the bucket, so that what was added can be taken out of it again. */
  add(amounts: readonly number[], now: number): number {
    this.#advance(now)
    const last = this.#numbers.length - 1
    let values = this.#values[last]
    if (values === undefined || this.#numbers[last] !== this.#head) {
      values = Array.from({ length: this.#columns }, () => 0)
      this.#numbers.push(this.#head)
      this.#values.push(values)
    }
    for (let column = 0; column < this.#columns; column++) {
      values[column]! += amounts[column]!
      this.#sums[column]! += amounts[column]!
    }
    return this.#head
  }

  /** Takes out what was added to a bucket; nothing where that has left the window. */
  take(amounts: readonly number[], bucket: number): void {
    const values = this.#values[this.#numbers.lastIndexOf(bucket)]
    if (values === undefined) return
    for (let column = 0; column < this.#columns; column++) {
      values[column]! -= amounts[column]!
      this.#sums[column]! -= amounts[column]!
    }
  }

  /** The sum of a column over the window. */
  sum(column: number, now: number): number {
    this.#advance(now)
    return this.#sums[column]!
  }

  /** In how many ms the sum of a column will have fallen to `most`; 0 where it has. */
  fallsIn(column: number, most: number, now: number): number {
    this.#advance(now)
    let left = this.#sums[column]!
    for (const [at, values] of this.#values.entries()) {
      if (left <= most) break
      left -= values[column]!
      if (left <= most) {
        return Math.max(1, (this.#numbers[at]! + this.#kept + 1) * this.#bucketMs - now)
      }
    }
    return 0
  }

  /** True where nothing is left in the window. */
  empty(now: number): boolean {
    this.#advance(now)
    return this.#numbers.length === 0
  }

  /** The buckets, oldest first. */
  rows(): BucketRow[] {
    return this.#numbers.map((number, at) => [number, ...this.#values[at]!])
  }

  /** Puts back what `rows` gave. A bucket later than now is from a clock that was wrong: it counts as now. */
  load(rows: readonly BucketRow[], now: number): void {
    const latest = Math.floor(now / this.#bucketMs)
    for (const [number = 0, ...amounts] of rows) {
      if (amounts.length === this.#columns) {
        this.add(amounts, Math.min(number, latest) * this.#bucketMs)
      }
    }
  }

  #advance(now: number): void {
    const head = Math.floor(now / this.#bucketMs)
    if (head <= this.#head) return
    this.#head = head
    const oldest = head - this.#kept
    while (this.#numbers.length > 0 && this.#numbers[0]! < oldest) {
      this.#numbers.shift()
      const values = this.#values.shift()!
      for (let column = 0; column < this.#columns; column++) this.#sums[column]! -= values[column]!
    }
  }
}
