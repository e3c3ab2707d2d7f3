// Holds chance that can be had again: every number follows from a seed and from how many came before it.

import { createHash } from 'node:crypto'

/** Numbers from a seed. */
export class Chance {
  readonly seed: string
  #drawn = 0

  constructor(seed: string) {
    this.seed = seed
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    const hash = createHash('sha256').update(`${this.seed} ${this.#drawn++}`).digest()
    return low + (hash.readUInt32BE(0) % (high - low + 1))
  }

  /** Numbers of their own for a part that runs beside others, so that who is first changes nothing. */
  of(name: string): Chance {
    return new Chance(`${this.seed}/${name}`)
  }
}
