// Holds explanations of decisions as the control API answers them: each party by itself, and what would allow the call. History: v1; decided calls added.

import { z } from 'zod'
import { Digest, Id, Name, Time } from './text.ts'

const Answer = z.enum(['allow', 'deny', 'hold'])
const PartyName = z.enum(['person', 'delegator', 'agent', 'task', 'system'])
const Effect = z.enum(['permit', 'forbid'])

/** What a clause came to: `unasked` where an earlier one had decided already. */
export const ClauseResult = z.enum(['true', 'false', 'error', 'unasked'])

/** A part of a condition, as it is written. */
const ExplainedClause = z.object({
  kind: z.enum(['when', 'unless']),
  text: z.string(),
  result: ClauseResult,
  error: z.string().optional(),
  /** Places of the context that it reads, with what stood there; the value is absent where it was left out, or nothing stood there. */
  values: z.array(z.object({ path: z.string(), value: z.string().optional() })),
})

/** A policy that had to do with the answer of a party. */
export const ExplainedPolicy = z.object({
  id: z.string(),
  effect: Effect,
  file: z.string(),
  line: z.int(),
  text: z.string(),
  /** It determined the answer, it could not be evaluated, or it is a permit that would have come nearest. */
  part: z.enum(['determined', 'erred', 'near']),
  /** One sentence: which condition decided. */
  words: z.string(),
  reason: z.string().optional(),
  gate: z.string().optional(),
  advice: z.string().optional(),
  clauses: z.array(ExplainedClause),
})

/** The answer of one party, on its own. */
export const ExplainedParty = z.object({
  party: PartyName,
  /** Cedar uid, e.g. `Person::"…"`. */
  principal: z.string(),
  answer: Answer,
  reason: z.string(),
  policies: z.array(ExplainedPolicy),
})

/** What would make one party's answer another: the smallest first. */
export const ExplainedChange = z.object({
  party: PartyName,
  principal: z.string(),
  kind: z.enum([
    'approval',
    'argument',
    'task',
    'user',
    'role',
    'history',
    'context',
    'without',
    'crosses',
    'permit',
  ]),
  words: z.string(),
  /** The `@id` that it is about. */
  policy: z.string().optional(),
  /** True where it was applied and decided again, and this party then allows or holds; false where nothing concrete could be applied. */
  verified: z.boolean(),
  /** What the whole decision would be with it alone; present where it was verified. */
  after: Answer.optional(),
})

/** A decision explained, for operators. */
export const Explanation = z
  .object({
    answer: Answer,
    /** What the agent is told. */
    reason: z.string(),
    /** What the agent is told to do next, where anything can be said that helps it do right and does not help it probe. */
    advice: z.array(z.string()),
    digest: Digest,
    /** What the permits that determined it ask of the answer, one sentence each; absent: nothing, or the call is not allowed. */
    obligations: z.array(z.string()).optional(),
    parties: z.array(ExplainedParty),
    changes: z.array(ExplainedChange),
    /** Where no change alone is enough: the smallest of every party that denies, and what the decision is after all of them. */
    together: z.object({ words: z.array(z.string()), after: Answer }).optional(),
  })
  .meta({ id: 'Explanation' })

/** Body of `POST /v1/policies/explain`: a call that an agent could make. */
export const ExplainRequest = z
  .strictObject({
    agent: Name,
    /** Name of the person on whose behalf; who asks where it is left out. */
    on_behalf_of: Name.optional(),
    /** True: on nobody's behalf. */
    unattended: z.boolean().default(false),
    /** Id of the task; the only one that is open for them, or none, where it is left out. */
    task: Id.optional(),
    system: Name,
    action: z.string().min(1).max(128),
    /** The arguments, exactly as they would be sent. */
    input: z.record(z.string(), z.unknown()).default({}),
    /** False leaves the values of arguments out of the answer. */
    values: z.boolean().default(true),
  })
  .refine(
    ({ unattended, on_behalf_of: person }) => !unattended || person === undefined,
    'is for a person, or for nobody, not both',
  )

/** Answer of `POST /v1/policies/explain`. */
export const ExplainAnswer = z.object({
  /** What would deny the call before policy is asked: one sentence each, as for an agent that is suspended, or has no task. */
  before: z.array(z.string()),
  explanation: Explanation,
})

/** Body of `POST /v1/policies/explain/call`: a call that was decided. */
export const ExplainCallRequest = z.strictObject({
  call: Id,
  /** False leaves the values of arguments out of the answer. */
  values: z.boolean().default(true),
})

/** Answer of `POST /v1/policies/explain/call`. */
export const ExplainCallAnswer = z.object({
  call: z.object({
    id: Id,
    /** When it was decided. */
    at: Time,
    /** What policy answered then. */
    answer: Answer,
    /** Digest of the set that decided. */
    policy_set: z.string(),
    /** False where that set is not to be had any more, or systems were pinned anew since: it is explained by what is in force now. */
    same_set: z.boolean(),
    /** True where observe mode let it go on all the same. */
    observed: z.boolean(),
    /** Whether what was kept of it is what its records say. */
    record: z.enum(['agrees', 'deviates', 'missing']),
    /** Why it was refused, where it was not policy that refused it; else null. */
    refused: z.string().nullable(),
  }),
  explanation: Explanation,
})

export type ExplainCallAnswer = z.infer<typeof ExplainCallAnswer>
export type ExplainRequest = z.input<typeof ExplainRequest>
export type ExplainAnswer = z.infer<typeof ExplainAnswer>
export type ExplainedPolicy = z.infer<typeof ExplainedPolicy>
export type ExplainedParty = z.infer<typeof ExplainedParty>
export type ExplainedChange = z.infer<typeof ExplainedChange>
export type ClauseResult = z.infer<typeof ClauseResult>
export type Explanation = z.infer<typeof Explanation>
