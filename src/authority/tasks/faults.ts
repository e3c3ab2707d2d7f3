// Holds the codes of tasks: why one was not opened, not narrowed, or is not there.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of tasks. */
export const TASK_FAULTS = {
  'task.unknown': {
    status: 404,
    next: 'look at `bailiwick task ls`: it may have ended',
  },
  'task.intent': { status: 400, next: 'say in one line of at most 500 characters what it is for' },
  'task.scope': {
    status: 400,
    next: 'name 1 to 64 permits like system/action, system/* or *, each with a condition that policies could have as well',
  },
  'task.budget': { status: 400, next: 'give whole numbers above 0, and below 2^53' },
  'task.window': {
    status: 400,
    next: 'let it end in the future, after it begins, and within 30 days',
  },
  'task.agent': {
    status: 409,
    next: 'activate the agent first, or name one that is: bailiwick agent ls',
  },
  'task.attended': {
    status: 409,
    next: 'open it for a person, or register the agent as unattended',
  },
  'task.not_yours': {
    status: 403,
    next: 'ask the owner of the agent, whom it acts for, or an operator',
  },
  'task.wider': {
    status: 403,
    next: 'open another task: one that is there only ever narrows',
  },
  'task.too_many': { status: 429, next: 'close tasks that are done: bailiwick task ls' },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const taskFault = faults(TASK_FAULTS)
