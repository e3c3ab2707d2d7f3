// Holds the row of a delegation.

import type { TableShape } from '../table.ts'

/** Authority passed to one instance of one agent, by a person or by an instance that has it; it only ever narrows. */
export interface Delegation {
  /** UUIDv7. */
  readonly id: string
  /** Person id: on whose behalf, the same along a whole chain. Empty where the chain begins with an agent that acts unattended. */
  readonly person: string
  readonly agent: string
  /** Instance id, once it is known; set once. */
  readonly instance?: string
  /** The instance that passed it on; absent where a person did. */
  readonly by?: { readonly instance: string; readonly agent: string }
  /** Delegation id under which `by` acted; absent where it acts unattended, or where a person passed it on. */
  readonly parent?: string
  /** Patterns of `<system>/<action>`; absent: nothing narrows beyond the parent. */
  readonly scope?: readonly string[]
  /** Task id: the only one that may be worked on under it, and under everything below. Set once, never dropped. */
  readonly task?: string
  /** How many more links may follow below this one; absent: none. */
  readonly depth?: number
  /** Absent: `active`. */
  readonly state?: 'active' | 'revoked' | 'expired'
  readonly revoked?: { readonly by: string; readonly reason: string; readonly at: number }
  /** ms since the epoch. */
  readonly createdAt: number
  /** ms since the epoch; only ever moved earlier. */
  readonly expiresAt: number
}

/** Table `delegations`. Active ones are on the roll, so that a revoked one cannot be put back by hand. */
export const DELEGATIONS: TableShape<Delegation> = {
  table: 'delegations',
  id: (delegation) => delegation.id,
  columns: (delegation) => ({
    person: delegation.person,
    agent: delegation.agent,
    instance: delegation.instance ?? null,
    expires_at: delegation.expiresAt,
    parent: delegation.parent ?? null,
    state: delegation.state ?? 'active',
  }),
  roll: { column: 'state', values: ['active'] },
}
