// Holds erasing, holding and reading of what is kept of people, as the control API takes and shows them. History: v1.

import { z } from 'zod'
import { KEPT_KINDS } from '../obligation.ts'
import { Moment, Name, Reason, Time } from './text.ts'

/** Id or name of a person, who may have left. */
const PersonRef = z.string().min(1).max(128)

/** Body of `POST /v1/erasures`. */
export const ErasureRequest = z.strictObject({
  person: PersonRef,
  /** Payloads from before this time alone; absent: everything, by destroying the key. */
  before: Moment.optional(),
  /** On what basis: one word that stands in the record in clear. */
  basis: z.string().max(64),
  reason: Reason,
  /** Count, and erase nothing. */
  dry_run: z.boolean().default(false),
})

/** Answer of `POST /v1/erasures`. */
export const ErasureAnswer = z.object({
  /** Id of the erasure, as its records name it; null where it was only looked at. */
  erasure: z.string().nullable(),
  /** Person id. */
  person: z.string(),
  /** How many of what. */
  counts: z.record(z.string(), z.number().int()),
})

/** Body of `POST /v1/subjects/hold` and `…/release`. */
export const HoldRequest = z.strictObject({ person: PersonRef, reason: Reason })

/** Whom something is kept of. */
const SubjectAnswer = z
  .object({
    /** A person id, or `nobody`. */
    subject: z.string(),
    /** Name of the person, where the registry still has one. */
    name: Name.optional(),
    state: z.enum(['active', 'erased']),
    /** Counts their keys from 1. */
    epoch: z.number().int(),
    held_since: Time.nullable(),
  })
  .meta({ id: 'Subject' })

/** Answer of `GET /v1/subjects`. */
export const SubjectsAnswer = z.object({ subjects: z.array(SubjectAnswer) })

/** Body of `POST /v1/audit/calls/{id}/payloads`. */
export const PayloadsRequest = z.strictObject({
  /** Which; absent: whatever is kept. */
  kinds: z.array(z.enum(KEPT_KINDS)).min(1).max(KEPT_KINDS.length).optional(),
  reason: Reason,
})

/** Answer of `POST /v1/audit/calls/{id}/payloads`. */
export const PayloadsAnswer = z.object({
  call: z.string(),
  payloads: z.array(
    z.object({
      kind: z.enum(KEPT_KINDS),
      /** As it was sent or given, JSON or text; null where it was erased. */
      text: z.string().nullable(),
      /** What the records of the call commit to, made from this text; null where it was erased. */
      commitment: z.string().nullable(),
      kept_at: Time,
      ends_at: Time,
    }),
  ),
})

export type ErasureAnswer = z.infer<typeof ErasureAnswer>
export type SubjectsAnswer = z.infer<typeof SubjectsAnswer>
export type PayloadsAnswer = z.infer<typeof PayloadsAnswer>
