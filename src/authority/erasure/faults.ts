// Holds the codes of erasing.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of erasing and holding. */
export const ERASURE_FAULTS = {
  'erasure.basis': {
    status: 400,
    next: 'name the basis in a word, such as `gdpr-17`, `contract` or `retention`: it stands in the record for good',
  },
  'erasure.before': { status: 400, next: 'give a date that is over, such as 2026-06-30' },
  'erasure.held': {
    status: 409,
    next: 'release the hold first with `bailiwick audit release`, where whoever placed it agrees',
  },
  'erasure.not_held': { status: 409, next: 'nothing: nobody holds what is kept of this person' },
  'erasure.own': {
    status: 403,
    next: 'have another administrator do it: what is kept of somebody is not theirs alone to erase',
  },
  'erasure.incomplete': {
    status: 503,
    next: 'nothing is readable any more; start again, or repeat the command, and what is left over is deleted',
  },
} as const satisfies FaultCatalogue

/** Makes a fault of erasing. */
export const erasureFault = faults(ERASURE_FAULTS)
