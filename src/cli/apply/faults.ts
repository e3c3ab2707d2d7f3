// Holds the codes of applying documents, and the fault that names the document and line.

import { Fault, faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of `apply`. */
export const APPLY_FAULTS = {
  'apply.document': { status: 400, next: 'correct the lines that are named; nothing was changed' },
  'apply.limit': {
    status: 400,
    next: 'split it: a file has at most 1 MiB, a run at most 8 MiB and 10,000 documents',
  },
  'apply.differs': { status: 409, next: 'make it so: the same command without --dry-run' },
  'apply.prune': {
    status: 400,
    next: 'name the agents that are to stay: pruning retires every other one, for good',
  },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const fault = faults(APPLY_FAULTS)

/** Something wrong at a place of a file; lines and columns from 1. */
export interface Trouble {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
}

/** Troubles that a person is shown of one run at most. */
const SHOWN = 20

/** Documents that are not what they have to be. */
export class DocumentFault extends Fault {
  readonly problems: readonly Trouble[]

  constructor(problems: readonly Trouble[]) {
    const [first] = problems
    const more = problems.length > 1 ? `, and ${problems.length - 1} more` : ''
    const where = first === undefined ? '' : `${first.file}:${first.line}: ${first.message}${more}`
    super('apply.document', APPLY_FAULTS['apply.document'], where)
    this.problems = problems.slice(0, SHOWN)
  }
}
