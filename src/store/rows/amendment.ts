// Holds the row of an amendment: what persons agreed to for a whole task, within bounds, so often and until then (INV-6).

import type { Gate } from '../../wire/decision.ts'
import type { TableShape } from '../table.ts'

/** Only `active` is worth anything; the others are final. */
export type AmendmentState = 'active' | 'used' | 'expired' | 'withdrawn' | 'void'

/** An approval of one gate for calls of one task. */
export interface Amendment {
  /** UUIDv7. */
  readonly id: string
  readonly state: AmendmentState
  /** Id of the approval in which persons agreed to it. */
  readonly approval: string
  readonly task: string
  readonly agent: string
  /** Instance that asked, and under which delegation: a lock on either ends it. */
  readonly instance: string
  readonly owner: string
  readonly delegation?: { readonly id: string; readonly person: string }
  /** Who passed authority on, the highest first; absent: nobody did. */
  readonly chain?: readonly {
    readonly delegation: string
    readonly instance: string
    readonly agent: string
    readonly owner: string
  }[]
  readonly system: string
  readonly action: string
  /** Digest of the action's pinned definition. */
  readonly definition: string
  /** Digest of the policy set that decided. */
  readonly policySet: string
  readonly gate: Gate
  /** Person ids of who agreed: it is worth something while the gate would ask every one of them. */
  readonly persons: readonly string[]
  /** Whose key the bounds are sealed under. */
  readonly subject: string
  /** The arguments that were shown and the loosenings of every agreement, sealed for this id, base64url; emptied when it is final. */
  readonly sealed: string
  /** Calls that it covers, and those that it was used for. */
  readonly count: number
  readonly used: number
  /** ms since the epoch. */
  readonly createdAt: number
  /** ms since the epoch; not after the task's own end. */
  readonly expiresAt: number
  /** How it ended; `person` is an id, absent where Bailiwick itself ended it. */
  readonly ended?: { readonly person?: string; readonly reason: string; readonly at: number }
}

/** Table `amendments`. Active ones are on the roll, so that one that was used up cannot be put back by hand. */
export const AMENDMENTS: TableShape<Amendment> = {
  table: 'amendments',
  id: (amendment) => amendment.id,
  columns: (amendment) => ({
    state: amendment.state,
    task: amendment.task,
    expires_at: amendment.expiresAt,
  }),
  roll: { column: 'state', values: ['active'] },
}
