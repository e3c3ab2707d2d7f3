// Holds the codes of the holder: what kept an identity from being had or kept.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of the holder. */
export const HOLDER_FAULTS = {
  'holder.address': {
    status: 400,
    next: 'give the https address of the identity listener, for example https://127.0.0.1:7402',
  },
  'holder.unreachable': {
    status: 503,
    next: 'see whether bailiwick runs, and on which address its identity listener is: bailiwick status',
  },
  'holder.wrong_authority': {
    status: 403,
    next: 'do not go on: ask the operator whether address and join token belong to the same authority',
  },
  'holder.answer': {
    status: 502,
    next: 'check that the address is that of the identity listener',
  },
  'holder.expired': { status: 401, next: 'enrol again with a new join token' },
  'holder.key': {
    status: 400,
    next: 'give the private key of the certificate, in PEM and without a passphrase',
  },
  'holder.other_agent': {
    status: 409,
    next: 'name the agent of the registration with --as, or change the registration',
  },
  'holder.closed': { status: 409, next: 'enrol again: this identity was given up' },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const fault = faults(HOLDER_FAULTS)
