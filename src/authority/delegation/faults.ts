// Holds the codes of delegations: why authority was not passed on, bound or taken back.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of delegations. */
export const DELEGATION_FAULTS = {
  'delegation.unknown': {
    status: 404,
    next: 'look at `bailiwick delegation ls`: it may have ended, or something above it has',
  },
  'delegation.wider': { status: 403, next: 'ask for a part of what the delegation above covers' },
  'delegation.over': { status: 400, next: 'let it end in the future' },
  'delegation.scope': {
    status: 400,
    next: 'name 1 to 64 patterns like system/action, system/* or *',
  },
  'delegation.depth': {
    status: 403,
    next: 'let who is above pass it on with a greater depth: at most 5 links follow each other',
  },
  'delegation.cycle': {
    status: 403,
    next: 'pass it to an agent that is not in the chain already',
  },
  'delegation.not_yours': {
    status: 403,
    next: 'use the delegation that this very instance acts under',
  },
  'delegation.attended': {
    status: 403,
    next: 'act on behalf of a person, or let the agents be registered as unattended',
  },
  'delegation.inactive': { status: 409, next: 'ask the owner of the agent to activate it' },
  'delegation.instance': { status: 409, next: 'name an instance of that agent that is live' },
  'delegation.too_many': { status: 429, next: 'revoke delegations that are not needed any more' },
  'delegation.task': {
    status: 409,
    next: 'name the task that it is a part of, while that is open: `task`, or the header Bailiwick-Task',
  },
  'delegation.too_long': {
    status: 400,
    next: 'let it end within 30 days: whoever needs it longer asks again',
  },
  'delegation.bound': {
    status: 409,
    next: 'ask for a delegation of your own: one serves one instance',
  },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const delegationFault = faults(DELEGATION_FAULTS)
