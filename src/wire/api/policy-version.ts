// Holds policy versions and proposals as the control API shows them. History: v1.

import { z } from 'zod'
import { PolicySource } from './policy.ts'
import { PolicyProblem } from './problem.ts'
import { Digest, Id, Reason, Time } from './text.ts'

/** A version: what was in force from its time until the next one's. */
export const PolicyVersionEntry = z
  .object({
    id: Id,
    digest: Digest,
    applied_at: Time,
    /** Name of the person who applied or proposed it. */
    applied_by: z.string(),
    /** Name of the second administrator; null: nobody had to agree. */
    approved_by: z.string().nullable(),
    /** Null in versions from before it was kept. */
    reason: z.string().nullable(),
    current: z.boolean(),
    /** Id of the version before it; null for the first, and where it was not kept. */
    parent: Id.nullable(),
    /** Id of the version whose text it is again. */
    rollback_of: Id.nullable(),
    files: z.number().int(),
  })
  .meta({ id: 'PolicyVersion' })

/** Query of `GET /v1/policies/versions`. */
export const PolicyVersionsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(50),
})

/** Answer of `GET /v1/policies/versions`: the newest first. */
export const PolicyVersionsAnswer = z.object({ versions: z.array(PolicyVersionEntry) })

/** Answer of `GET /v1/policies/versions/{id}`. */
export const PolicyVersionAnswer = PolicyVersionEntry.extend({ sources: z.array(PolicySource) })

/** Body of `POST /v1/policies/rollback`. */
export const PolicyRollback = z.strictObject({
  version: Id,
  dry_run: z.boolean().default(false),
  reason: Reason,
})

/** A proposal that waits. */
export const ProposalEntry = z
  .object({
    id: Id,
    digest: Digest,
    proposed_at: Time,
    /** Name of the person; nobody approves their own. */
    proposed_by: z.string(),
    reason: z.string(),
    expires_at: Time,
    added: z.array(z.string()),
    removed: z.array(z.string()),
    changed: z.array(z.string()),
    /** Why it could not be in force as things are now. */
    problems: z.array(PolicyProblem),
  })
  .meta({ id: 'PolicyProposal' })

/** Answer of `GET /v1/policies/proposals`: the oldest first. */
export const ProposalsAnswer = z.object({ proposals: z.array(ProposalEntry) })

/** Answer of `GET /v1/policies/proposals/{id}`. */
export const ProposalAnswer = ProposalEntry.extend({ sources: z.array(PolicySource) })

/** Answer of `POST /v1/policies/proposals/{id}/reject`. */
export const ProposalRejected = z.object({ id: Id, state: z.literal('rejected') })

export type PolicyVersionEntry = z.infer<typeof PolicyVersionEntry>
export type ProposalEntry = z.infer<typeof ProposalEntry>
