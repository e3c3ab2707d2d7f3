// Holds the codes of checks: why one is not registered, or not there.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of checks. */
export const CHECK_FAULTS = {
  'check.unknown': { status: 404, next: 'look at `bailiwick check ls`' },
  'check.exists': { status: 409, next: 'choose another name, or remove the check that is there' },
  'check.url': {
    status: 400,
    next: 'name an https address without credentials, or http on this machine',
  },
  'check.timeout': { status: 400, next: 'let it answer within 1 to 30 seconds' },
  'check.too_many': { status: 409, next: 'remove checks that no policy names' },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const checkFault = faults(CHECK_FAULTS)
