// Holds instances as the control API shows them. History: v1.

import { z } from 'zod'
import { Id, Name, Time } from './text.ts'

/** One running copy of an agent. */
export const Instance = z
  .object({
    id: Id,
    agent: Name,
    spiffe_id: z.string(),
    /** Name of the person on whose behalf it acts. */
    on_behalf_of: z.string().nullable(),
    state: z.enum(['live', 'expired', 'revoked', 'ended']),
    created_at: Time,
    /** End of its absolute life (INV-8). */
    life_ends: Time,
    /** When and why it is no longer live. */
    ended: z.object({ at: Time, reason: z.string() }).nullable(),
  })
  .meta({ id: 'Instance' })

/** Answer of `GET /v1/instances`, newest first. */
export const InstancesAnswer = z.object({ instances: z.array(Instance) })

/** Query of `GET /v1/instances`. */
export const InstancesQuery = z.strictObject({
  agent: Name.optional(),
  state: z.enum(['live', 'all']).default('live'),
})

export type Instance = z.infer<typeof Instance>
export type InstancesAnswer = z.infer<typeof InstancesAnswer>
