// Holds the replay of recorded traffic through policies, as the control API asks for it and answers. History: v1.

import { z } from 'zod'
import { PolicySource } from './policy.ts'
import { Digest, Id, Moment, Name, Time } from './text.ts'

const Answer = z.enum(['allow', 'deny', 'hold'])

/** Body of `POST /v1/policies/replay`. */
export const ReplayRequest = z.strictObject({
  /** The set to ask; absent: the one in force. */
  sources: z.array(PolicySource).max(1024).optional(),
  since: Moment,
  /** Calls of this agent alone. */
  agent: Name.optional(),
  /** True leaves out the agents that passed authority on: for proving a policy that speaks of one agent alone. */
  alone: z.boolean().default(false),
  /** Changes that are told of one page; all are counted. */
  limit: z.number().int().min(0).max(500).default(100),
  /** `next` of the page before. */
  cursor: z.string().max(256).optional(),
})

/** A call that would be answered in another way. */
export const ReplayedCall = z.object({
  call: Id,
  at: Time,
  agent: z.string(),
  system: z.string(),
  action: z.string(),
  before: Answer,
  after: Answer,
  /** `@id`s of the policies that determined it then, and that would now. */
  by_before: z.array(z.string()),
  by_after: z.array(z.string()),
  /** Why it would be so. */
  reason: z.string(),
  /** Whether the record of the call says what was kept of it: `deviates` is a sign of tampering. */
  record: z.enum(['agrees', 'deviates', 'missing']),
})

/** Answer of `POST /v1/policies/replay`: one page, whose counts add up over all of them. */
export const ReplayPage = z.object({
  /** Of the set that was asked. */
  digest: Digest,
  /** Calls that were decided again. */
  calls: z.number().int(),
  /** Those of them that went on, or that a person was asked about; and how many of these the set would allow. */
  used: z.number().int(),
  covered: z.number().int(),
  /** Calls of the time that were not kept, as far as it is known. */
  dropped: z.number().int(),
  /** Frames that do not open: changed, or cut. */
  damaged: z.number().int(),
  /** Calls whose action is not pinned any more, or has other effects: nothing is said of them. */
  unknown: z.number().int(),
  newly_denied: z.number().int(),
  newly_allowed: z.number().int(),
  newly_held: z.number().int(),
  changes: z.array(ReplayedCall),
  /** Pass it on for the next page; null: that was all. */
  next: z.string().nullable(),
})

export type ReplayRequest = z.input<typeof ReplayRequest>
export type ReplayPage = z.infer<typeof ReplayPage>
export type ReplayedCall = z.infer<typeof ReplayedCall>
