// Holds the codes of what can go wrong with what is kept beside the log.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of the side store. */
export const SIDE_FAULTS = {
  'side.erased': {
    status: 410,
    next: 'nothing: the key was destroyed; the record says when and on what basis, and keeps everything else',
  },
  'side.busy': {
    status: 503,
    next: 'try again; if it stays, look at the disk that holds the database',
  },
  'side.not_kept': {
    status: 404,
    next: 'keep payloads by policy, with `@keep`, before the calls that you want to look into',
  },
} as const satisfies FaultCatalogue

/** Makes a fault of the side store. */
export const sideFault = faults(SIDE_FAULTS)
