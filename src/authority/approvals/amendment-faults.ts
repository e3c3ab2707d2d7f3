// Holds the codes of amendments: why an approval for a task is not taken, or is not there.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of amendments. */
export const AMENDMENT_FAULTS = {
  'amendment.unknown': { status: 404, next: 'look at `bailiwick approval amendments`' },
  'amendment.closed': {
    status: 409,
    next: 'nothing is left to withdraw: look at `bailiwick approval amendments`',
  },
  'amendment.no_task': {
    status: 409,
    next: 'agree to this one call, or have the agent work on a task: `bailiwick task open`',
  },
  'amendment.terms': {
    status: 400,
    next: 'say how often (--count), how long (--for), and how far arguments may differ (--loosen)',
  },
  'amendment.rate': {
    status: 429,
    next: 'wait, or make the call itself: it is held, and people are asked then',
  },
  'amendment.presence': {
    status: 403,
    next: 'sign in on the page of this call and agree there with a passkey, over these very terms',
  },
  'amendment.not_yours': {
    status: 403,
    next: 'ask who agreed, who asked for the task, the owner of the agent, or an operator',
  },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const amendmentFault = faults(AMENDMENT_FAULTS)
