// Holds changes of who governs as the control API shows them, and the rule that they are under. History: v1; `gateway` added.

import { z } from 'zod'
import { Id, Reason, Time } from './text.ts'

const Word = z.enum(['on', 'off'])

/** A person as changes name them. */
const Whom = z.object({
  /** Person id. */
  id: z.string(),
  /** Empty for somebody who never came to be. */
  name: z.string(),
})

/** A change of who governs: one that waits, or one that is over. */
export const GovernanceChange = z
  .object({
    id: Id,
    kind: z.enum([
      'person-create',
      'person-roles',
      'person-leave',
      'person-key',
      'person-key-remove',
      'team-create',
      'team-change',
      'trust-add',
      'trust-remove',
      'rule',
      'keys',
      'gateway',
    ]),
    /** What it does, in one sentence. */
    text: z.string(),
    /** Whom it is about; null where it is about no single person. */
    person: Whom.nullable(),
    proposed_by: z.string(),
    proposed_at: Time,
    reason: z.string(),
    /** `open` waits; `agreed` is being brought about; every other state is final. */
    state: z.enum(['open', 'agreed', 'applied', 'refused', 'withdrawn', 'expired', 'failed']),
    /** On what it took effect: two administrators; one who is alone; the rule that was off; because it only takes away; or because it could not wait. */
    how: z.enum(['two', 'alone', 'rule-off', 'narrows', 'urgent']).nullable(),
    /** From when who proposed it, being alone, may agree; null: another administrator has to, or it is over. */
    from: Time.nullable(),
    expires_at: Time,
    /** Who had the last word; null while it waits, and where time ended it. */
    ended_by: z.string().nullable(),
    ended_at: Time.nullable(),
    ended_reason: z.string().nullable(),
    /** True where somebody else has touched it since who asks saw changes last. */
    unseen: z.boolean(),
  })
  .meta({ id: 'GovernanceChange' })

/** Query of `GET /v1/governance/changes`. */
export const GovernanceQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(50),
  /** `next` of the page before. */
  cursor: Id.optional(),
  state: z.enum(['open', 'over']).optional(),
})

/** Answer of `GET /v1/governance/changes`: the newest first. */
export const GovernanceAnswer = z.object({
  changes: z.array(GovernanceChange),
  next: z.string().nullable(),
})

/** Answer of `GET /v1/governance`, and of `POST` once it is so. */
export const Governance = z
  .object({
    /** Whether two have to agree to changes of who governs, and to policies. */
    changes: Word,
    policies: Word,
    /** Who set it last; null where nobody has. */
    set_by: z.string().nullable(),
    set_at: Time.nullable(),
    administrators: z.array(Whom),
    /** Changes that wait. */
    open: z.number().int(),
    /** Changes that who asks has not seen. */
    unseen: z.number().int(),
  })
  .meta({ id: 'Governance' })

/** Body of `POST /v1/governance`; what is left out stays. */
export const GovernanceWanted = z
  .strictObject({ changes: Word.optional(), policies: Word.optional(), reason: Reason })
  .refine(({ changes, policies }) => (changes ?? policies) !== undefined, 'changes nothing')

/** Body of `POST /v1/governance/seen`: up to when, as the times of changes say. */
export const GovernanceSeen = z.strictObject({
  until: z.iso.datetime({ precision: 3 }).meta({ format: 'date-time' }),
})

/** Its answer. */
export const GovernanceSeenAnswer = z.object({ unseen: z.number().int() })

export type GovernanceChange = z.infer<typeof GovernanceChange>
export type Governance = z.infer<typeof Governance>
