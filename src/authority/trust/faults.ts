// Holds the codes of trust sources: whose word counts here.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of trust sources. */
export const TRUST_FAULTS = {
  'trust.unknown': { status: 404, next: 'look at the trust sources: bailiwick trust ls' },
  'trust.exists': { status: 409, next: 'remove it first: bailiwick trust rm NAME' },
  'trust.issuer': {
    status: 400,
    next: 'name an https URL without query and fragment; http is taken for this machine itself alone',
  },
  'trust.audience': { status: 400, next: 'name the audience that its tokens have for you' },
  'trust.certificates': {
    status: 400,
    next: 'give certificate authorities in PEM, at most 16, each of them valid now',
  },
  'trust.login': {
    status: 400,
    next: 'name a source of logins that is trusted here: bailiwick trust ls',
  },
  'trust.groups': { status: 400, next: 'name fewer groups' },
  'trust.unreachable': { status: 503, next: 'see whether the issuer can be reached from here' },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const trustFault = faults(TRUST_FAULTS)
