// Holds the row of something that counts once: evidence that was used, a link that was opened.

import type { TableShape } from '../table.ts'

/** A mark that something was used. Kept until it could not be used again anyway. */
export interface SpentRow {
  /** `<kind>:<SHA-256, base64url>`. */
  readonly id: string
  /** ms since the epoch. */
  readonly expiresAt: number
}

/** Table `spent`. */
export const SPENT: TableShape<SpentRow> = {
  table: 'spent',
  id: (spent) => spent.id,
  columns: (spent) => ({ expires_at: spent.expiresAt }),
}
