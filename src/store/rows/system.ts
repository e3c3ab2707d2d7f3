// Holds the row of a system: its pinned definition, and who pinned it.

import type { SystemDefinition } from '../../wire/system.ts'
import type { TableShape } from '../table.ts'

/** A system as a person has pinned it. */
export interface PinnedSystem {
  readonly definition: SystemDefinition
  /** Which agents it is for; no part of what was looked at, so outside of the definition's digest. Absent: `default`. */
  readonly environment?: string
  /**
   * What the policies in force know of it, where they do not hold with what it is now: it is isolated. A fallback only: where the
   * policies hold with `definition`, nobody looks at it.
   */
  readonly before?: SystemDefinition
  /** Person id. */
  readonly person: string
  readonly reason: string
  /** ms since the epoch. */
  readonly pinnedAt: number
}

/** Table `systems`. */
export const SYSTEMS: TableShape<PinnedSystem> = {
  table: 'systems',
  id: (system) => system.definition.name,
  columns: (system) => ({ digest: system.definition.digest }),
  roll: 'all',
}
