// Holds Cedar's integers: 64 bits with a sign, and an error where a result needs more.

import { trouble } from './trouble.ts'

/** The least and the greatest. */
const LONG_MIN = -(2n ** 63n)
const LONG_MAX = 2n ** 63n - 1n

/** True for what 64 bits hold. */
export function isLong(value: bigint): boolean {
  return value >= LONG_MIN && value <= LONG_MAX
}

/** The result of an operation. Throws Trouble where it overflows. */
export function checked(value: bigint, operation: string): bigint {
  return isLong(value)
    ? value
    : trouble('overflow', `integer overflow while attempting to ${operation}`)
}
