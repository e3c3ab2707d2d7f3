// Holds the codes of enforcers and of the grants that are handed to them.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of enforcers and grants. */
export const ENFORCER_FAULTS = {
  'enforcer.unknown': { status: 404, next: 'look at `bailiwick enforcer ls`' },
  'enforcer.exists': {
    status: 409,
    next: 'choose another name: those that were revoked keep theirs',
  },
  'enforcer.key': { status: 400, next: 'give the public key, PEM: P-256 or Ed25519' },
  'enforcer.systems': {
    status: 400,
    next: 'name systems that are registered: `bailiwick system ls`',
  },
  'enforcer.ends': { status: 400, next: 'give an end within a year from now' },
  'enforcer.missing': {
    status: 401,
    next: 'send `Authorization: Bearer` with an assertion that the key of a registered enforcer signed',
  },
  'enforcer.assertion': {
    status: 401,
    next: 'make a new assertion: iss and sub are its name, aud the decision point, exp at most five minutes from now',
  },
  'enforcer.other_system': { status: 403, next: 'ask about the systems that it is registered for' },
  'grant.invalid': { status: 400, next: 'burn the grant as it came with the decision, in time' },
  'grant.other': { status: 403, next: 'burn grants that were given to this enforcer' },
  'grant.used': { status: 409, next: 'do not execute: a grant is for one call, and it was burnt' },
  'grant.void': { status: 403, next: 'do not execute: ask for a new decision' },
  'grant.busy': { status: 429, next: 'burn grants, or wait for them to end' },
} as const satisfies FaultCatalogue

/** Makes a Fault of this catalogue. */
export const enforcerFault = faults(ENFORCER_FAULTS)
