// Holds instances as the control API shows them. History: v1.

import { z } from 'zod'
import { Id, Name, Time } from './text.ts'

/** What vouched for an instance. */
const AttestedBy = z.object({
  attestor: z.enum(['join_token', 'unix', 'oidc', 'x509pop', 'consent', 'delegation']),
  /** Name of the trust source; null where there is none. */
  source: z.string().nullable(),
  /** Id of the registration that matched; null where none was asked. */
  registration: z.string().nullable(),
  /** The facts that counted. */
  selectors: z.array(z.string()),
  /** What names this one workload at its source; null where nothing does. */
  subject: z.string().nullable(),
  at: Time,
})

/** What an instance is made of, by element: `instructions`, `tools`, `model`, `code`. */
const CompositionAnswer = z.record(
  z.string(),
  z.object({ value: z.string(), assurance: z.enum(['attested', 'observed', 'claimed']) }),
)

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
    /** Null for one of an older home: a join token. */
    attested_by: AttestedBy.nullable(),
    composition: CompositionAnswer,
    /** Id of the instance that the same workload was before. */
    replaces: z.string().nullable(),
  })
  .meta({ id: 'Instance' })

/** Answer of `GET /v1/instances`, those that are live. */
export const InstancesAnswer = z.object({ instances: z.array(Instance) })

/** Query of `GET /v1/instances`. */
export const InstancesQuery = z.strictObject({ agent: Name.optional() })

export type Instance = z.infer<typeof Instance>
export type InstancesAnswer = z.infer<typeof InstancesAnswer>
