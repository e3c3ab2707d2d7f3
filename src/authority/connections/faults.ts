// Holds the codes of connections.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of connections. */
export const CONNECTION_FAULTS = {
  'connection.unknown': { status: 404, next: 'look at `bailiwick connect --list`' },
  'connection.other_person': {
    status: 403,
    next: 'have the person whose file it is disconnect it: the file before may hold their secrets',
  },
  'connection.too_many': {
    status: 409,
    next: 'disconnect what is no longer used: `bailiwick connect --list`',
  },
  'connection.file': {
    status: 400,
    next: 'connect files of at most 8 MiB, by their absolute path',
  },
} as const satisfies FaultCatalogue

/** Makes a Fault of this catalogue. */
export const connectionFault = faults(CONNECTION_FAULTS)
