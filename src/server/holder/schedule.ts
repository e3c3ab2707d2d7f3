// Holds when to renew: at a random point between half and two thirds of a life, and after a failure with growing waits.

import type { Entropy } from '../../std/entropy.ts'

/** A number from 0 up to 1, from four random octets. */
function fraction(entropy: Entropy): number {
  const bytes = entropy.bytes(4)
  return Buffer.from(bytes.buffer, bytes.byteOffset, 4).readUInt32BE() / 2 ** 32
}

/**
 * When to renew a certificate (ms since the epoch): a random point between 1/2 and 2/3 of its life, so that instances that
 * started together do not all come back together.
 */
export function renewalTime(notBefore: number, notAfter: number, entropy: Entropy): number {
  return notBefore + (notAfter - notBefore) * (1 / 2 + fraction(entropy) / 6)
}

/** How long to wait after the nth failure in a row (from 1): 1 s doubled up to 60 s, less up to half at random. */
export function backoff(failures: number, entropy: Entropy): number {
  const most = Math.min(60_000, 1_000 * 2 ** Math.min(failures - 1, 16))
  return most * (1 - fraction(entropy) / 2)
}
