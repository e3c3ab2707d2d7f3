// Holds approvals as the control API shows and answers them. History: v1; v2 for a whole task, passing on, asking ahead.

import { z } from 'zod'
import { EFFECTS } from '../effect.ts'
import { Amendment, ForTask } from './amendment.ts'
import { PasskeyAssertion } from './login.ts'
import { Id, Name, Reason, Time } from './text.ts'

/** Where a held call stands. `pending` and `approved` are open; the others are final. */
const ApprovalState = z.enum(['pending', 'approved', 'denied', 'expired', 'void', 'consumed'])

/** A gate that has to agree. */
const ApprovalGate = z.object({
  /** Who has to agree, as the policy says it. */
  name: z.string(),
  /** The same in words. */
  asks: z.string(),
  /** `@id` of the policy that is set aside for this one call. */
  policy: z.string(),
  reason: z.string().optional(),
  /** Who agreed, and how long before they were first shown the call (ms); null where they were not. */
  agreed_by: z.array(
    z.object({
      name: z.string(),
      read_ms: z.int().nullable(),
      /** Where they agreed for the whole task: how often, and how long (s). */
      for_task: z.object({ count: z.int(), for_s: z.int() }).optional(),
    }),
  ),
  /** How many more it waits for. */
  missing: z.int(),
  /** True where agreeing takes a passkey, on the page of the call. */
  present: z.boolean(),
  /** Whom it was passed on to, by whom and why, the newest last. */
  escalated: z.array(z.object({ to: z.string(), by: z.string(), reason: z.string(), at: Time })),
  /** Whom the person who asks may pass it on to. */
  escalates_to: z.array(z.string()),
  /** True where it waits for the person who asks. */
  yours: z.boolean(),
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
    /** Present where the agent asks ahead, for calls that it has not made: how often, and how long. */
    ahead: z.object({ count: z.int(), for_s: z.int() }).optional(),
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
    /** Other calls that wait, of the same agent, for the same action, at the same gates. */
    similar: z.int(),
    /** The page that shows it; carries no authority. */
    url: z.string(),
    /** Id of the governed call. */
    call: z.string(),
  })
  .meta({ id: 'ApprovalSummary' })

/** What in the arguments of a held call is like no call before it. */
const Unusual = z
  .object({
    marks: z.array(
      z.object({
        /** JSON pointer (RFC 6901). */
        path: z.string(),
        kind: z.enum(['first_use', 'largest', 'new_domain', 'new_value', 'longest', 'new_type']),
        /** What there was until now. */
        before: z.string(),
      }),
    ),
    /** Calls that it was held against: of this action by this agent, or by any where it has made none. */
    calls: z.int(),
    by: z.enum(['agent', 'anyone']),
    /** The earliest of them. */
    since: Time.optional(),
    /** False where there are more than were looked at. */
    complete: z.boolean(),
  })
  .meta({ id: 'Unusual' })

/** A held call with its arguments, opened for people; null once the approval is final. Reading it is recorded. */
export const Approval = ApprovalSummary.extend({
  input: z.record(z.string(), z.unknown()).nullable(),
  /** Which of the two deployments this is, and what an agent could do in it (DESIGN §4). */
  situation: z.string(),
  /** What came of it for the whole task. */
  amendments: z.array(Amendment),
  /** Of what is asked ahead: how far arguments may differ, and the agent's own words. */
  asks: z.object({ loosen: z.array(z.string()), why: z.string() }).optional(),
  /** What in the arguments is like no call before; null once the approval is final. */
  unusual: Unusual.nullable(),
}).meta({ id: 'Approval' })

/** Answer of `POST /v1/approvals/{id}/approve`. */
export const ApprovalAgreed = ApprovalSummary.extend({
  /** True where that was faster than anybody reads, or without having looked: it stands in the record. */
  hasty: z.boolean(),
})

/** Answer of `GET /v1/approvals`, oldest first. */
export const ApprovalsAnswer = z.object({ approvals: z.array(ApprovalSummary) })

/** Body of `POST /v1/approvals/{id}/approve`. */
export const Approve = z.strictObject({
  reason: Reason,
  /** `@id` of the policy whose gate is agreed to; needed where more than one asks this person. */
  gate: z.string().max(128).optional(),
  /** Present: to calls like this one for the whole task, not to this one alone. */
  for_task: ForTask.optional(),
})

/** Body of `POST /v1/approvals/{id}/escalate`. */
export const Escalate = z.strictObject({
  reason: Reason,
  /** One whom the gate names: `cfo`, `team treasury`, `the owner`, `the user`. */
  to: z.string().min(1).max(128),
  gate: z.string().max(128).optional(),
})

/** Body of `POST /approvals/{id}/presence`: what the passkey answered to the challenge over this call and gate. */
export const ApprovalPresence = z.strictObject({
  reason: Reason,
  gate: z.string().max(128),
  /** As it was when the challenge was asked for: the passkey signed it, too. */
  for_task: ForTask.optional(),
  assertion: PasskeyAssertion,
})

/** Query of `GET /v1/approvals`; `open` is pending and approved. What is final stands in the audit log. */
export const ApprovalsQuery = z.strictObject({
  state: z.enum(['pending', 'approved', 'open']).default('pending'),
})

export type ApprovalSummary = z.infer<typeof ApprovalSummary>
export type Approval = z.infer<typeof Approval>
export type Unusual = z.infer<typeof Unusual>
export type ApprovalsAnswer = z.infer<typeof ApprovalsAnswer>
