// Holds the row of a dropped shard: that these rows are younger than what retention has removed from the log.

import type { TableShape } from '../table.ts'

/**
 * One shard that retention has removed. The row is written before anything goes, so rows without it are a copy of before: what the
 * shard said of locks and revocations cannot be replayed into them any more, and they are not taken for whole.
 */
export interface DroppedShard {
  /** Name of the shard; `first` for the one of before there were any. */
  readonly shard: string
  /** ms since the epoch. */
  readonly at: number
}

/** Table `drops`. */
export const DROPS: TableShape<DroppedShard> = {
  table: 'drops',
  id: ({ shard }) => shard,
  columns: () => ({}),
  roll: 'all',
}
