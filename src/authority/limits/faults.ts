// Holds the codes of limits: why one was not added, or is not there.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of limits. */
export const LIMIT_FAULTS = {
  'limit.unknown': { status: 404, next: 'look at `bailiwick limit list`' },
  'limit.invalid': {
    status: 400,
    next: 'give a whole number, what it counts, and over which time: 100 calls/minute',
  },
  'limit.too_many': { status: 429, next: 'remove limits that are not needed any more' },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const limitFault = faults(LIMIT_FAULTS)
