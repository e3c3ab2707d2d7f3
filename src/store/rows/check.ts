// Holds the row of a check: a webhook that a gate can name, with the key that both sides sign with, sealed.

import type { TableShape } from '../table.ts'

/** A check that an administrator registered. */
export interface Check {
  /** UUIDv7. */
  readonly id: string
  /** As gates name it: `check <name>`. Unique among those that are active. */
  readonly name: string
  /** Where it is asked: https, or http on this machine. */
  readonly url: string
  /** How long it may take (ms). */
  readonly timeoutMs: number
  /** The key, sealed for this id; emptied when it is removed. */
  readonly sealed: string
  readonly state: 'active' | 'removed'
  /** Person id of who registered it. */
  readonly by: string
  /** ms since the epoch. */
  readonly createdAt: number
  readonly removed?: { readonly by: string; readonly reason: string; readonly at: number }
}

/** Table `checks`. Active ones are on the roll, so that a removed one cannot be put back by hand. */
export const CHECKS: TableShape<Check> = {
  table: 'checks',
  id: (check) => check.id,
  columns: (check) => ({ name: check.name, state: check.state }),
  roll: { column: 'state', values: ['active'] },
}
