// Holds the codes of the identity listener itself; what it passes on keeps the code of where it arose.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of the listener. */
export const IDENTITY_API_FAULTS = {
  'identity.no_route': { status: 404, next: 'see the reference page of the identity listener' },
  'identity.method': { status: 405, next: 'use the method that the Allow header names' },
  'identity.content_type': { status: 415, next: 'send Content-Type: application/json' },
  'identity.body_size': { status: 413, next: 'send at most 64 KB' },
  'identity.client_certificate': {
    status: 401,
    next: 'connect with the certificate of a live instance, or enrol with a join token',
  },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const fault = faults(IDENTITY_API_FAULTS)
