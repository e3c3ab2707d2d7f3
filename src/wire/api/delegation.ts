// Holds delegations as the control API shows them: one link, or everything below it. History: v1.

import { z } from 'zod'
import { Id, Time } from './text.ts'

/** One link of a chain. */
export const Delegation = z
  .object({
    id: z.string(),
    /** Name of the person on whose behalf; null where the chain begins with an agent that acts unattended. */
    person: z.string().nullable(),
    agent: z.string(),
    /** Instance id; null until one has taken it up. */
    instance: z.string().nullable(),
    /** Who passed it on; null where the person did. */
    by: z.object({ agent: z.string(), instance: z.string() }).nullable(),
    /** Id of the delegation above; null at the head. */
    parent: z.string().nullable(),
    /** Patterns of `<system>/<action>`; null where nothing narrows. */
    scope: z.array(z.string()).nullable(),
    /** Id of the one task that may be worked on under it; null: whichever is open for the head of the chain. */
    task: z.string().nullable(),
    /** How many more links may follow. */
    depth: z.number().int(),
    /** False where something above it, or who answers for it, does not hold now. */
    holds: z.boolean(),
    created_at: Time,
    expires_at: Time,
  })
  .meta({ id: 'Delegation' })

/** Query of `GET /v1/delegations`. */
export const DelegationsQuery = z.strictObject({
  /** `true`: only those at whose head the asker stands. */
  mine: z.enum(['true', 'false']).default('false'),
  agent: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  /** `next` of the page before: the id after which the page begins. */
  cursor: Id.optional(),
})

/** Answer of `GET /v1/delegations`, oldest first. */
export const DelegationsAnswer = z.object({
  delegations: z.array(Delegation),
  next: z.string().nullable(),
})

/** Answer of `GET /v1/delegations/{id}`: the chain down to it, and what is below, each after what it hangs on. */
export const DelegationTree = z
  .object({
    /** The highest first; the last is the one that was asked for. */
    chain: z.array(Delegation),
    below: z.array(Delegation),
  })
  .meta({ id: 'DelegationTree' })

/** Answer of `POST /v1/delegations/{id}/revoke`. */
export const DelegationRevoked = z.object({
  id: z.string(),
  /** Ids of everything that ended with it, itself first. */
  revoked: z.array(z.string()),
})

export type Delegation = z.infer<typeof Delegation>
export type DelegationTree = z.infer<typeof DelegationTree>
