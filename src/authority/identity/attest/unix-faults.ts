// Holds the codes of the `unix` attestor: which peers it cannot vouch for, and which selectors it does not take.

import { faults, type FaultCatalogue } from '../../../std/fault.ts'

/** Codes of attesting local processes. */
export const UNIX_FAULTS = {
  'unix.peer': {
    status: 403,
    next: 'connect from a process of this machine that Bailiwick can see under /proc',
  },
  'unix.gone': {
    status: 403,
    next: 'connect again, from the process that is to be known',
  },
  'unix.revoked': {
    status: 403,
    next: 'ask an operator why, and start the program again once it may run',
  },
  'unix.busy': { status: 429, next: 'ask again in a few seconds, and keep the stream open' },
  'unix.unsupported': {
    status: 501,
    next: 'run Bailiwick on Linux, or enrol with a join token: bailiwick agent token NAME',
  },
  'unix.selector': {
    status: 400,
    next: 'name selectors as unix:uid:1000, unix:user:NAME, unix:gid:1000, unix:cgroup:/PATH, unix:path:/PATH or unix:sha256:HEX',
  },
  'unix.interpreter': {
    status: 400,
    next: 'give the agent an account or a service unit of its own, or a program that is not a general interpreter',
  },
  'unix.account': {
    status: 400,
    next: 'add unix:uid, unix:user, unix:gid or unix:cgroup: any account can run a program',
  },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const fault = faults(UNIX_FAULTS)
