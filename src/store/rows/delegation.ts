// Holds the row of a delegation.

import type { TableShape } from '../table.ts'

/** Authority that a person passes to one instance of one agent; it only ever narrows. */
export interface Delegation {
  /** UUIDv7. */
  readonly id: string
  /** Person id: on whose behalf. */
  readonly person: string
  readonly agent: string
  /** Instance id, once the join token was used; set once. */
  readonly instance?: string
  /** ms since the epoch. */
  readonly createdAt: number
  /** ms since the epoch; only ever moved earlier. */
  readonly expiresAt: number
}

/** Table `delegations`. */
export const DELEGATIONS: TableShape<Delegation> = {
  table: 'delegations',
  id: (delegation) => delegation.id,
  columns: (delegation) => ({
    person: delegation.person,
    agent: delegation.agent,
    instance: delegation.instance ?? null,
    expires_at: delegation.expiresAt,
  }),
}
