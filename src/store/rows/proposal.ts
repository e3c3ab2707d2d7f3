// Holds the row of a proposal: a policy set that one administrator wants in force, and another has to agree to.

import type { TableShape } from '../table.ts'
import type { PolicySource } from './policy.ts'

/** `open` waits; every other state is final. */
export type ProposalState = 'open' | 'approved' | 'rejected' | 'expired'

/** A set that was proposed. */
export interface Proposal {
  /** UUIDv7. */
  readonly id: string
  /** Digest of the set as it was checked when it was proposed. */
  readonly digest: string
  /** Empty once it has ended: an approved one is a version, the others nobody needs. */
  readonly sources: readonly PolicySource[]
  /** Person id of who proposed it; never of who approves. */
  readonly person: string
  readonly reason: string
  /** ms since the epoch. */
  readonly createdAt: number
  /** ms since the epoch; from then on nobody can approve it. */
  readonly expiresAt: number
  readonly state: ProposalState
  /** How it ended; the person is absent where time ended it. */
  readonly ended?: { readonly by?: string; readonly reason: string; readonly at: number }
}

/** Table `proposals`. Open ones are on the roll, so that one that has ended cannot be opened again by hand. */
export const PROPOSALS: TableShape<Proposal> = {
  table: 'proposals',
  id: (proposal) => proposal.id,
  columns: (proposal) => ({ state: proposal.state, created_at: proposal.createdAt }),
  roll: { column: 'state', values: ['open'] },
}
