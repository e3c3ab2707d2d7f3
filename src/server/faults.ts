// Holds the catalogue of codes of the server: what keeps a home from starting.

import { faults, type FaultCatalogue } from '../std/fault.ts'

/** Codes of starting and wiring. */
export const SERVER_FAULTS = {
  'server.port_in_use': {
    status: 500,
    next: 'stop the program that holds the port, or choose another with --control-port, --identity-port, --gateway-port, --gateway-plain-port',
  },
  'server.listen': { status: 500, next: 'look at the address and the rights of this account' },
  'server.home': {
    status: 500,
    next: 'restore the file from a backup, or start another home with --home',
  },
  'server.gateway': {
    status: 500,
    next: 'enrol it: bailiwick gateway add NAME at control, then bailiwick gateway run --join-file FILE here',
  },
  'server.standby': {
    status: 500,
    next: 'copy home.json and keys/ of the home that it stands by for into this one, modes included',
  },
  'server.setting': { status: 500, next: 'correct the environment variable, or unset it' },
  'server.break_glass': {
    status: 400,
    next: 'name a folder on another disk that only this account or root can write',
  },
  'server.moved': {
    status: 409,
    next: 'set DATABASE_URL to the database that they have moved to',
  },
  'server.node': { status: 500, next: 'run Node 24 or newer' },
  'system.changed': {
    status: 409,
    next: 'look at the system again: `bailiwick system add` shows what it is now',
  },
  'system.effects': { status: 400, next: 'label actions that the system has, with known effects' },
  'system.facts': {
    status: 400,
    next: 'name labels, actions and arguments that there are: `bailiwick system show` lists them',
  },
  'system.document': {
    status: 400,
    next: 'bring a JSON document: OpenAPI 3.0 or 3.1, or a description of tables',
  },
  'system.environment': {
    status: 400,
    next: 'choose another name: this variable changes how programs are loaded',
  },
  'system.command': { status: 400, next: 'name a program that is installed, or its whole path' },
  'policy.breaks': {
    status: 409,
    next: 'change the policies first, so that they hold with the new definitions as well',
  },
  'policy.replay_busy': { status: 429, next: 'wait for the replays that run, then try again' },
  'policy.replay_cursor': { status: 400, next: 'begin again, without a cursor' },
  'policy.call_unknown': {
    status: 404,
    next: 'name the id of a call: `bailiwick audit tail` shows them',
  },
  'policy.call_undecided': {
    status: 409,
    next: 'see what became of it: bailiwick audit show CALL',
  },
  'policy.call_not_kept': {
    status: 404,
    next: 'explain such a call as it would be decided now: bailiwick policy explain SYSTEM/ACTION --agent NAME --json ARGUMENTS',
  },
  'policy.refused': { status: 422, next: 'correct the policies and apply them again' },
} as const satisfies FaultCatalogue

/** Makes a Fault of the server. */
export const serverFault = faults(SERVER_FAULTS)
