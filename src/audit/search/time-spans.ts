// Holds between which times the records of each bundle lie, so that a query for a time opens only the bundles that it can be in.

import { TILE_WIDTH } from '../../tlog/tile.ts'
import { RUN } from './run-bits.ts'

/** Bundles of one run. */
const BUNDLES = RUN / TILE_WIDTH
const BYTES = 8

/** What a query says about time (ms since the epoch). */
export interface TimeBounds {
  /** From this time on. */
  readonly since?: number
  /** Before this time. */
  readonly until?: number
}

/** The times of all records, 16 bytes for 256 of them, in memory. Gateways write at once, so bundles may overlap. */
export class TimeSpans {
  readonly #oldest: number[] = []
  readonly #newest: number[] = []

  /** Notes when a record was written; records come in the order of their indices. */
  note(index: number, ts: number): void {
    const bundle = Math.floor(index / TILE_WIDTH)
    this.#oldest[bundle] = Math.min(this.#oldest[bundle] ?? ts, ts)
    this.#newest[bundle] = Math.max(this.#newest[bundle] ?? ts, ts)
  }

  /** Whether a record at this place can lie within the bounds. */
  mayHold(index: number, { since = -Infinity, until = Infinity }: TimeBounds): boolean {
    const bundle = Math.floor(index / TILE_WIDTH)
    return (this.#newest[bundle] ?? -Infinity) >= since && (this.#oldest[bundle] ?? until) < until
  }

  /** The first and the last place that can lie within the bounds; the first behind the last where none can. */
  range(bounds: TimeBounds): readonly [low: number, high: number] {
    const count = this.#oldest.length
    let [first, last] = [0, count - 1]
    while (first < count && !this.mayHold(first * TILE_WIDTH, bounds)) first += 1
    while (last >= first && !this.mayHold(last * TILE_WIDTH, bounds)) last -= 1
    return [first * TILE_WIDTH, (last + 1) * TILE_WIDTH - 1]
  }

  /** True where a run has the time of any record. */
  has(run: number): boolean {
    const bundles = this.#newest.slice(run * BUNDLES, (run + 1) * BUNDLES)
    return bundles.some((newest) => newest > 0)
  }

  /** Forgets a run, as if no record were in it. */
  forget(run: number): void {
    for (let bundle = run * BUNDLES; bundle < (run + 1) * BUNDLES; bundle++) {
      this.#oldest[bundle] = 0
      this.#newest[bundle] = 0
    }
  }

  /** The stored form of a run's times: oldest and newest of each bundle, as doubles. */
  encode(run: number): Uint8Array {
    const bytes = Buffer.alloc(BUNDLES * 2 * BYTES)
    for (let i = 0; i < BUNDLES; i++) {
      const bundle = run * BUNDLES + i
      bytes.writeDoubleLE(this.#oldest[bundle] ?? 0, 2 * i * BYTES)
      bytes.writeDoubleLE(this.#newest[bundle] ?? 0, (2 * i + 1) * BYTES)
    }
    return bytes
  }

  /** Takes the times of a run from what `encode` gave; runs come in order. Throws where it is not as long. */
  decode(run: number, stored: Uint8Array): void {
    const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength)
    for (let i = 0; i < BUNDLES; i++) {
      this.#oldest[run * BUNDLES + i] = bytes.readDoubleLE(2 * i * BYTES)
      this.#newest[run * BUNDLES + i] = bytes.readDoubleLE((2 * i + 1) * BYTES)
    }
  }
}
