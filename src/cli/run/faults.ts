// Holds the codes of `run`: why an agent is not started in a district, and why one was ended.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of districts. */
export const RUN_FAULTS = {
  'run.no_sandbox': {
    status: 503,
    next: 'install bubblewrap on a Linux machine (Debian: apt install bubblewrap); an agent is never started without its district',
  },
  'run.folder': {
    status: 400,
    next: 'change into the folder of a project, or name folders that it may have with --read and --write',
  },
  'run.command': { status: 404, next: 'name a program that is installed, by its name or its path' },
  'run.start': { status: 500, next: 'look at what bwrap said, then: bailiwick doctor' },
  'run.ended': {
    status: 403,
    next: 'do not start it again before you know why: bailiwick lock ls, bailiwick audit tail',
  },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const fault = faults(RUN_FAULTS)
