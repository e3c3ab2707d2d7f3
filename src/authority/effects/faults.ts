// Holds the fault codes of effects.

import type { FaultCatalogue } from '../../std/fault.ts'

/** Codes of what calls set off. */
export const EFFECT_FAULTS = {
  'trigger.unknown': { status: 404, next: 'look at `bailiwick system triggers`' },
} as const satisfies FaultCatalogue
