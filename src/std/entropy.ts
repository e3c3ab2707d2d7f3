// Holds randomness as a port, so that tests can repeat a run.

import { randomFillSync } from 'node:crypto'

/** A source of random bytes. */
export interface Entropy {
  /** `n` fresh bytes from a cryptographic source. */
  bytes(n: number): Uint8Array
}

/** The machine's cryptographic source. */
export const systemEntropy: Entropy = {
  bytes: (n) => randomFillSync(new Uint8Array(n)),
}
