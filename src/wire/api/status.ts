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
      /** When the newest of them did; null where nobody did. */
      witnessed_at: Time.nullable(),
      /** What a witness says of another history; null while none does. */
      forked: z.string().nullable(),
      /** Records that can be searched. */
      indexed: z.number().int(),
    }),
    /** How records get to the disk, and what was refused or lost there. */
    record: z.object({
      /** Segments between the spool's end and the log. */
      backlog_segments: z.number().int(),
      /** Bytes that are free on the spool's volume; null until it was looked at. */
      free_bytes: z.number().nullable(),
      /** Why nothing, or not everything, can be recorded; one sentence each. */
      problems: z.array(z.string()),
      break_glass: z
        .object({
          /** Folder that records go to, or went to; empty where what is asked for is not understood. */
          to: z.string(),
          until: Time,
          /** False while what went there is not in the log yet. */
          open: z.boolean(),
          problem: z.string().nullable(),
        })
        .nullable(),
      /** When records were last refused over a quota, as the record says; null where none ever were. */
      refused_at: Time.nullable(),
      /** How many that were. */
      refused: z.number().int(),
      /** When it was last found that a run of a gateway ended without a stop; null where none ever did. */
      lost_at: Time.nullable(),
      lost_gateway: z.string().nullable(),
      /** Time of the newest record that is in the log; null in an empty one. */
      newest_at: Time.nullable(),
    }),
    /** The clock of the server when it answered. */
    now: Time,
    /** Where rows are; with `postgresql` the log is ordered there too. */
    database: z.enum(['embedded', 'postgresql']),
    /** When this home was last backed up, as the record says; null where it never was. */
    backup_at: Time.nullable(),
    /** Which of the two deployments this is, and what an agent could do in it (DESIGN §4). */
    situation: z.string(),
    /** What the operator should know; one sentence each. */
    warnings: z.array(z.string()),
  })
  .meta({ id: 'Status' })

export type Status = z.infer<typeof Status>
