// Holds the row of a quarantine: what a system showed that nobody approved, and what a person made of it.

import type { SystemDefinition } from '../../wire/system.ts'
import type { TableShape } from '../table.ts'

/** `open` waits for a person; every other state is final. `superseded`: the system was pinned anew from another look at it. */
export type QuarantineState = 'open' | 'approved' | 'rejected' | 'superseded'

/** One system that is not, or not wholly, what was pinned. */
export interface Quarantine {
  /** UUIDv7. */
  readonly id: string
  readonly system: string
  readonly state: QuarantineState
  /** Fingerprint of what was pinned then. */
  readonly pinned: string
  /** Fingerprint of what it showed last. */
  readonly fingerprint: string
  /** What it showed last; absent where only the log knows of it: then it has to be looked at again. */
  readonly seen?: Omit<SystemDefinition, 'digest'>
  /** True where nothing of it goes on. */
  readonly whole: boolean
  /** Actions and prompts that do not go on: of everything that it showed since. */
  readonly actions: readonly string[]
  readonly prompts: readonly string[]
  /** How many different things it showed. */
  readonly shown: number
  /** ms since the epoch. */
  readonly at: number
  /** How it ended; the person is absent where it was pinned anew. */
  readonly ended?: { readonly by?: string; readonly reason: string; readonly at: number }
}

/** Table `quarantines`. All of it is on the roll: a row that is put back by hand is none. */
export const QUARANTINES: TableShape<Quarantine> = {
  table: 'quarantines',
  id: (quarantine) => quarantine.id,
  columns: ({ system, state }) => ({ system, state }),
  roll: 'all',
}
