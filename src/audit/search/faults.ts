// Holds the codes of searching the record.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of searching. */
export const SEARCH_FAULTS = {
  'search.query': {
    status: 400,
    next: 'correct the query: docs/operate/search.md has the whole language',
  },
  'search.cursor': {
    status: 400,
    next: 'ask again from the beginning: the cursor is of another query',
  },
  'search.unavailable': {
    status: 503,
    next: 'try again; the index is made anew from the log where it was lost',
  },
} as const satisfies FaultCatalogue

/** Makes a fault of searching. */
export const searchFault = faults(SEARCH_FAULTS)
