// Holds the fault codes of policy versions and proposals.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of versions and proposals. */
export const POLICY_VERSION_FAULTS = {
  'policy.version_unknown': { status: 404, next: 'look at `bailiwick policy log`' },
  'policy.proposal_unknown': { status: 404, next: 'look at `bailiwick policy proposals`' },
  'policy.proposal_ended': { status: 409, next: 'propose the set anew: bailiwick policy apply' },
  'policy.proposal_own': { status: 403, next: 'have another administrator approve it' },
  'policy.proposals': {
    status: 409,
    next: 'approve or reject what waits: bailiwick policy proposals',
  },
} as const satisfies FaultCatalogue

/** Makes a Fault of this catalogue. */
export const fault = faults(POLICY_VERSION_FAULTS)
