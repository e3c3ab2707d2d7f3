// Holds randomness drawn in advance: one call to the source serves many records.

import type { Entropy } from './entropy.ts'

const POOL_BYTES = 4096

/** Hands out the bytes of a source piece by piece, each byte once. */
export class EntropyPool implements Entropy {
  readonly #source: Entropy
  #pool: Uint8Array = new Uint8Array()
  #used = 0

  constructor(source: Entropy) {
    this.#source = source
  }

  bytes(n: number): Uint8Array {
    if (n > POOL_BYTES) return this.#source.bytes(n)
    if (this.#used + n > this.#pool.length) {
      this.#pool = this.#source.bytes(POOL_BYTES)
      this.#used = 0
    }
    this.#used += n
    return this.#pool.subarray(this.#used - n, this.#used)
  }
}
