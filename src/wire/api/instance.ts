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
    /** `revoked` only in the answer to its revocation: the audit log holds what is no longer live. */
    state: z.enum(['live', 'revoked']),
    created_at: Time,
    /** End of its absolute life (INV-8). */
    life_ends: Time,
    /** When the longest of its certificates ends. */
    certificate_ends: Time,
  })
  .meta({ id: 'Instance' })

/** Answer of `GET /v1/instances`, those that are live. */
export const InstancesAnswer = z.object({ instances: z.array(Instance) })

/** Query of `GET /v1/instances`. */
export const InstancesQuery = z.strictObject({ agent: Name.optional() })

export type Instance = z.infer<typeof Instance>
export type InstancesAnswer = z.infer<typeof InstancesAnswer>
