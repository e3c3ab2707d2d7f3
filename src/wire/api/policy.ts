// Holds the policy set as the control API shows and applies it. History: v1.

import { z } from 'zod'
import { PolicyProblem } from './problem.ts'
import { Digest, Reason, Time } from './text.ts'

/** One policy file, or one of links that fill templates. */
export const PolicySource = z.strictObject({
  /** Path relative to the policies folder, with `/`. */
  file: z
    .string()
    .max(256)
    .regex(
      /^(?:[A-Za-z0-9_-][A-Za-z0-9._-]*\/)*[A-Za-z0-9_-][A-Za-z0-9._-]*\.(?:cedar|links\.json)$/,
      'is not a relative path of a .cedar or .links.json file',
    ),
  text: z.string(),
})

/** One policy of the set in force. */
const PolicyEntry = z.object({
  id: z.string(),
  effect: z.enum(['permit', 'forbid']),
  gate: z.string().optional(),
  reason: z.string().optional(),
  file: z.string(),
})

/** Answer of `GET /v1/policies`; `digest` is null, and the lists are empty, where none was ever applied. */
export const PoliciesAnswer = z
  .object({
    digest: Digest.nullable(),
    applied_at: Time.nullable(),
    /** Name of the person who applied it. */
    applied_by: z.string().nullable(),
    sources: z.array(PolicySource),
    /** Those that decide now. */
    policies: z.array(PolicyEntry),
    /** Why the set that was applied last is not what decides; empty when it is. */
    problems: z.array(PolicyProblem),
    /** Systems that changed so that policies do not hold with them: every call of those is denied until the policies are mended. */
    isolated: z.array(z.object({ system: z.string(), problems: z.array(PolicyProblem) })),
  })
  .meta({ id: 'Policies' })

/** Body of `POST /v1/policies`: the whole set, which replaces the one in force. */
export const PolicyApply = z.strictObject({
  sources: z.array(PolicySource).max(1024),
  /** True checks and compares, and changes nothing. */
  dry_run: z.boolean().default(false),
  reason: Reason,
})

/** Answer of `POST /v1/policies`; the lists hold `@id`s, compared with the set in force before. */
export const PolicyApplied = z.object({
  digest: Digest,
  applied: z.boolean(),
  added: z.array(z.string()),
  removed: z.array(z.string()),
  changed: z.array(z.string()),
  /** What is valid and perhaps not meant. */
  warnings: z.array(PolicyProblem),
  /** Id of the proposal that it became: a second administrator has to agree. */
  proposal: z.string().optional(),
})

/** Answer of `GET /v1/policies/schema`: the one namespace of Cedar's JSON schema format. */
export const PolicySchemaAnswer = z.object({
  entityTypes: z.record(z.string(), z.unknown()),
  actions: z.record(z.string(), z.unknown()),
})

export type PolicySource = z.infer<typeof PolicySource>
export type PoliciesAnswer = z.infer<typeof PoliciesAnswer>
export type PolicyApply = z.input<typeof PolicyApply>
export type PolicyApplied = z.infer<typeof PolicyApplied>
