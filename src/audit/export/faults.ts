// Holds the codes of what can go wrong on the way out of the log.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of exports. */
export const EXPORT_FAULTS = {
  'export.settings': {
    status: 500,
    next: 'correct sinks.yaml in the home; docs/operate/exports.md has an example of each kind',
  },
  'export.unknown': { status: 404, next: 'see the sinks that there are: bailiwick audit sinks' },
  'export.undelivered': {
    status: 502,
    next: 'look at the sink: it is tried again by itself, and nothing is lost meanwhile',
  },
  'export.refused': {
    status: 502,
    next: 'read what the sink answered: it takes the connection and refuses what was sent',
  },
  'export.other_log': {
    status: 409,
    next: 'this sink has had records of another log: give it another name in sinks.yaml, or replay it',
  },
} as const satisfies FaultCatalogue

/** Makes a fault of exports. */
export const exportFault = faults(EXPORT_FAULTS)
