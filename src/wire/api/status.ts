// Holds the status of a whole Bailiwick as the control API shows it. History: v1.

import { z } from 'zod'
import { Digest, Time } from './text.ts'

/** Answer of `GET /v1/status`. */
export const Status = z
  .object({
    version: z.string(),
    /** Folder of the home. */
    home: z.string(),
    started_at: Time,
    trust_domain: z.string(),
    /** SHA-256 of the DER of the authority's root certificate, base64url, as join tokens carry it. */
    authority_fingerprint: z.string(),
    /** When that certificate ends; another root follows by itself long before. */
    authority_ends: Time,
    /** URLs. */
    listeners: z.object({
      control: z.string(),
      identity: z.string(),
      gateway: z.string(),
      /** The gateway without TLS, for tokens; null where it is switched off. */
      gateway_plain: z.string().nullable(),
      /** `unix://` and the path of the Workload API's socket; null where it is not served. */
      workload: z.string().nullable(),
    }),
    agents: z.number().int(),
    instances_live: z.number().int(),
    systems: z.number().int(),
    policies: z
      .object({
        digest: Digest,
        count: z.number().int(),
        applied_at: Time,
        /** Name of a person. */
        applied_by: z.string(),
      })
      .nullable(),
    approvals_pending: z.number().int(),
    locks: z.number().int(),
    calls_in_flight: z.number().int(),
    /** Processes of upstream systems. */
    upstreams: z.number().int(),
    log: z.object({
      origin: z.string(),
      size: z.number().int(),
      /** Root hash, base64. */
      root: z.string(),
      published_at: Time.nullable(),
      /** True where the quorum of the home's witness policy has cosigned a checkpoint of it. */
      witnessed: z.boolean(),
      /** Records of the newest shard that they saw; null where nobody did. */
      witnessed_size: z.number().int().nullable(),
      /** What a witness says of another history; null while none does. */
      forked: z.string().nullable(),
      /** Records that can be searched. */
      indexed: z.number().int(),
    }),
    /** When this home was last backed up, as the record says; null where it never was. */
    backup_at: Time.nullable(),
    /** Which of the two deployments this is, and what an agent could do in it (DESIGN §4). */
    situation: z.string(),
    /** What the operator should know; one sentence each. */
    warnings: z.array(z.string()),
  })
  .meta({ id: 'Status' })

export type Status = z.infer<typeof Status>
