// Holds the codes of the AuthZEN surface: what is wrong with a question, never what was decided.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of questions that cannot be asked. */
export const AUTHZEN_FAULTS = {
  'authzen.derived': {
    status: 400,
    next: 'leave the member out: the server knows it, or nobody does',
  },
  'authzen.subject': {
    status: 400,
    next: 'name an instance: `{"type":"instance","id":"<instance id or SPIFFE ID>"}`',
  },
  'authzen.resource': {
    status: 400,
    next: 'name a system: `{"type":"system","id":"<name>"}`',
  },
  'authzen.incomplete': {
    status: 400,
    next: 'give subject, action and resource, for each evaluation or for all of them',
  },
  'authzen.media_type': { status: 400, next: 'send Content-Type: application/json' },
  'authzen.page': { status: 400, next: 'send the token as it came, or none for the first page' },
  'authzen.busy': { status: 429, next: 'ask less at once' },
} as const satisfies FaultCatalogue

/** Makes a Fault of this catalogue. */
export const authzenFault = faults(AUTHZEN_FAULTS)
