// Holds the replay of proposals' ends: one that has ended by the log stays so, whatever an older database says (INV-13).

import type { JsonObject } from '../../std/json.ts'
import type { Proposal } from '../../store/rows/proposal.ts'

/** Types of the records that end a proposal. */
export const PROPOSAL_ENDS = [
  'policy.proposal_approved',
  'policy.proposal_rejected',
  'policy.proposal_expired',
] as const

/** The proposal as ended; undefined where it has already. */
export function proposalKept(proposal: Proposal, body: JsonObject): Proposal | undefined {
  if (proposal.state !== 'open') return undefined
  const reason = typeof body['reason'] === 'string' ? body['reason'] : 'the log says so'
  return {
    ...proposal,
    sources: [],
    // Whether it was agreed to is history; that nobody can agree to it again is what counts.
    state: 'rejected',
    ended: { reason, at: proposal.createdAt },
  }
}
