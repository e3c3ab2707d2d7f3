// Holds the row of a cursor: how far one sink has had the log.

import type { TableShape } from '../table.ts'

/** Everything before `next` has arrived at the sink. Its leaf names the last of it, which has to be at that place in the log. */
export interface Cursor {
  /** Name of the sink in `sinks.yaml`. */
  readonly sink: string
  readonly kind: string
  /** Where to, without credentials. */
  readonly target: string
  /** Index of the first record that it has not had. */
  readonly next: number
  /** Leaf hash (base64url) of the record before that; empty at the beginning. */
  readonly leaf: string
}

/** Table `cursors`. */
export const CURSORS: TableShape<Cursor> = {
  table: 'cursors',
  id: (cursor) => cursor.sink,
  columns: () => ({}),
}
