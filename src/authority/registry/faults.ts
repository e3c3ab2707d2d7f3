// Holds the fault codes of the registry's lifecycle, roles and teams.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of agents' lifecycle, of their roles and dates, and of teams. */
export const REGISTRY_FAULTS = {
  'agent.unowned': {
    status: 409,
    next: 'give it an owner who is here: bailiwick agent update NAME --owner PERSON --reason WHY',
  },
  'agent.transition': {
    status: 409,
    next: 'look at its state with `bailiwick agent show`, and take it one step at a time',
  },
  'agent.expired': { status: 409, next: 'give it a later end first, with --expires' },
  'agent.date': { status: 400, next: 'name a time that is still to come' },
  'agent.review': {
    status: 409,
    next: 'keep a date of review while it is unattended or taskless: --review 90d',
  },
  'agent.observe': {
    status: 409,
    next: 'observe an active agent, for at most seven days: bailiwick agent observe NAME --for 8h --reason WHY',
  },
  'agent.client': { status: 400, next: 'name the https URL of a client metadata document' },
  'agent.discovered': {
    status: 429,
    next: 'look at `bailiwick agent ls --state discovered`: adopt or retire what waits there',
  },
  'role.unassigned': { status: 404, next: 'look at `bailiwick agent show` for its roles' },
  'role.too_long': {
    status: 400,
    next: 'let the role end within 365 days: whoever still needs it then assigns it again',
  },
  'role.too_many': { status: 409, next: 'take a role away first: an agent holds at most 32' },
  'team.unknown': { status: 404, next: 'look at `bailiwick team ls`' },
  'team.exists': { status: 409, next: 'choose another name, or change the team that is there' },
  'team.members': { status: 409, next: 'keep 1 to 256 members, one of whom is still here' },
} as const satisfies FaultCatalogue

/** Makes a Fault of this catalogue. */
export const fault = faults(REGISTRY_FAULTS)
