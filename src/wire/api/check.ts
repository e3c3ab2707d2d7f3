// Holds checks as the control API registers and shows them. History: v1.

import { z } from 'zod'
import { Name, Reason, Time } from './text.ts'

/** A check that gates can name. */
export const Check = z
  .object({
    name: Name,
    url: z.string(),
    timeout_s: z.int(),
    state: z.enum(['active', 'removed']),
    /** Name of who registered it. */
    added_by: z.string(),
    added_at: Time,
  })
  .meta({ id: 'Check' })

/** Answer of `POST /v1/checks`: the key that both sides sign with, shown this once. */
export const CheckAdded = Check.extend({
  /** `whsec_` and base64. */
  secret: z.string(),
}).meta({ id: 'CheckAdded' })

/** Answer of `GET /v1/checks`, by name. */
export const ChecksAnswer = z.object({ checks: z.array(Check) })

/** Body of `POST /v1/checks`. */
export const NewCheck = z.strictObject({
  name: Name,
  url: z.string().max(1_024),
  /** How long it may take. */
  timeout_s: z.int().min(1).max(30).default(5),
  reason: Reason,
})

export type Check = z.infer<typeof Check>
