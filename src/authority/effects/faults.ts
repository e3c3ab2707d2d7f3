// Holds the fault codes of effects.

import type { FaultCatalogue } from '../../std/fault.ts'

/** Codes of what calls set off. */
export const EFFECT_FAULTS = {
  'trigger.unknown': { status: 404, next: 'look at `bailiwick system triggers`' },
  'trigger.unwritten': { status: 500, next: 'look at the log: it may be unable to take records' },
} as const satisfies FaultCatalogue
