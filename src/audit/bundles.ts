// Holds the entries of the bundle that is not full yet, so that appending never reads one back.

import { encodeEntries } from '../tlog/entries.ts'
import { TILE_WIDTH, type TileRef } from '../tlog/tile.ts'

/** A bundle to write. */
export interface BundleWrite {
  readonly ref: TileRef
  readonly bytes: Uint8Array
}

/** Cuts a stream of entries into bundles of 256. */
export class Bundles {
  #index: number
  #entries: Uint8Array[]

  /** Continues behind the bundle `index`, which holds `entries` so far. */
  constructor(index: number, entries: readonly Uint8Array[]) {
    this.#index = index
    // Copies: views would keep the whole file they came from.
    this.#entries = entries.map((entry) => entry.slice())
  }

  /** Every bundle that these entries fill or change, in order. */
  append(entries: readonly Uint8Array[]): BundleWrite[] {
    const writes: BundleWrite[] = []
    for (const entry of entries) {
      this.#entries.push(entry)
      if (this.#entries.length === TILE_WIDTH) {
        writes.push(this.#write())
        this.#index += 1
        this.#entries = []
      }
    }
    if (this.#entries.length > 0) writes.push(this.#write())
    return writes
  }

  #write(): BundleWrite {
    const ref: TileRef = { level: 'entries', index: this.#index, width: this.#entries.length }
    return { ref, bytes: encodeEntries(this.#entries) }
  }
}
