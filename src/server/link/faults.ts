// Holds the codes of the link between control and its gateways.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Why the link, or something asked over it, came to nothing. */
export const LINK_FAULTS = {
  'link.lost': { status: 503, next: 'nothing: the gateway connects again by itself' },
  'link.frame': { status: 400, next: 'run control and gateways of versions that go together' },
  'link.unknown': { status: 400, next: 'run control and gateways of versions that go together' },
  'link.refused': {
    status: 403,
    next: 'look at `bailiwick gateway ls`: a gateway that was removed has to be invited again',
  },
  'link.too_many': {
    status: 429,
    next: 'register another gateway: this one has its fill of calls',
  },
} as const satisfies FaultCatalogue

/** Makes faults of the link. */
export const linkFault = faults(LINK_FAULTS)
