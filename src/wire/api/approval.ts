// Holds approvals as the control API shows and answers them. History: v1.

import { z } from 'zod'
import { EFFECTS } from '../effect.ts'
import { Id, Name, Time } from './text.ts'

/** Where a held call stands. `pending` and `approved` are open; the others are final. */
const ApprovalState = z.enum(['pending', 'approved', 'denied', 'expired', 'void', 'consumed'])

/** A gate that has to agree. */
const ApprovalGate = z.object({
  /** The role that an approver has to hold. */
  name: z.string(),
  /** `@id` of the policy that is set aside for this one call. */
  policy: z.string(),
  reason: z.string().optional(),
  /** Name of the person who agreed. */
  agreed_by: z.string().optional(),
})

/** A held call, without its arguments. */
export const ApprovalSummary = z
  .object({
    id: Id,
    state: ApprovalState,
    agent: Name,
    instance: Id,
    /** Name of the person on whose behalf the agent acts. */
    person: z.string().nullable(),
    /** The task that it is for, as it was when it was asked; absent: none. */
    task: z.object({ id: z.string(), intent: z.string() }).optional(),
    system: Name,
    action: z.string(),
    effects: z.array(z.enum(EFFECTS)),
    gates: z.array(ApprovalGate),
    /** Why the call is held. */
    reason: z.string(),
    asked_at: Time,
    expires_at: Time,
    /** Name of the person who ended it. */
    answered_by: z.string().optional(),
    /** In which words it ended. */
    answer: z.string().optional(),
    /** The page that shows it; carries no authority. */
    url: z.string(),
    /** Id of the governed call. */
    call: z.string(),
  })
  .meta({ id: 'ApprovalSummary' })

/** A held call with its arguments, opened for people; null once the approval is final. Reading it is recorded. */
export const Approval = ApprovalSummary.extend({
  input: z.record(z.string(), z.unknown()).nullable(),
  /** Which of the two deployments this is, and what an agent could do in it (DESIGN §4). */
  situation: z.string(),
}).meta({ id: 'Approval' })

/** Answer of `GET /v1/approvals`, oldest first. */
export const ApprovalsAnswer = z.object({ approvals: z.array(ApprovalSummary) })

/** Query of `GET /v1/approvals`; `open` is pending and approved. What is final stands in the audit log. */
export const ApprovalsQuery = z.strictObject({
  state: z.enum(['pending', 'approved', 'open']).default('pending'),
})

export type ApprovalSummary = z.infer<typeof ApprovalSummary>
export type Approval = z.infer<typeof Approval>
export type ApprovalsAnswer = z.infer<typeof ApprovalsAnswer>
