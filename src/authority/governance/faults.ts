// Holds the fault codes of governance: changes of who governs.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of changes of who governs. */
export const GOVERNANCE_FAULTS = {
  'governance.unknown': { status: 404, next: 'look at `bailiwick governance ls`' },
  'governance.ended': { status: 409, next: 'propose it anew, where it is still wanted' },
  'governance.second': {
    status: 409,
    next: 'ask another administrator to agree: `bailiwick governance agree`',
  },
  'governance.concerned': {
    status: 403,
    next: 'ask an administrator whom the change is not about',
  },
  'governance.wait': {
    status: 409,
    next: 'agree again at the time that `bailiwick governance ls` shows',
  },
  'governance.changed': {
    status: 409,
    next: 'look at what is there now, and propose the change anew',
  },
  'governance.full': {
    status: 429,
    next: 'refuse or withdraw changes that wait: `bailiwick governance ls`',
  },
} as const satisfies FaultCatalogue

/** Makes a Fault of this catalogue. */
export const fault = faults(GOVERNANCE_FAULTS)
