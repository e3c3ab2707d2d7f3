// Holds the row of a tally: what somebody has used up, as of one record of the log.

import type { Json } from '../../std/json.ts'
import type { TableShape } from '../table.ts'

/**
 * A snapshot of one counter. Its leaf names the record that marks the moment: every record before that one is counted in it, and
 * none after. The log is the truth; this only saves reading it from the beginning.
 */
export interface TallyRow {
  readonly kind: 'tally'
  /** `lineage <agent> <person>`, `task <id>` or `limit <id> <of whom>`. */
  readonly id: string
  readonly state: Json
  /** ms since the epoch: from then on it says nothing. */
  readonly expiresAt: number
}

/** Where the log has to be read from, and which rows there are: one that is missing or put back shows, and then none counts. */
export interface TallyPosition {
  readonly kind: 'position'
  readonly id: 'position'
  /** Leaf hash of the record from which on nothing is certain to be in the rows. */
  readonly from: string
  /** Sum over all other rows (`SetHash`). */
  readonly rows: string
  /** ms since the epoch: the year 9999. */
  readonly expiresAt: number
}

/** Table `tallies`. */
export const TALLIES: TableShape<TallyRow | TallyPosition> = {
  table: 'tallies',
  id: (tally) => tally.id,
  columns: (tally) => ({ expires_at: tally.expiresAt }),
}
