// Holds approvals for a whole task as the control API takes and shows them. History: v1.

import { z } from 'zod'
import {
  MAX_COUNT,
  MAX_FOR_MS,
  MAX_LOOSENING,
  MAX_LOOSENINGS,
  readLoosening,
} from '../amendment.ts'
import { Id, Name, Time } from './text.ts'

const Loosening = z
  .string()
  .max(MAX_LOOSENING)
  .superRefine((text, context) => {
    const read = readLoosening(text)
    if ('wrong' in read) context.addIssue({ code: 'custom', message: read.wrong })
  })

/** On what terms somebody agrees for the whole task. */
export const ForTask = z
  .strictObject({
    /** Calls in all, this one among them. */
    count: z.int().min(1).max(MAX_COUNT),
    /** How long, in seconds, from the last agreement on; never beyond the end of the task. */
    for_s: z
      .int()
      .min(60)
      .max(MAX_FOR_MS / 1_000),
    /** How far arguments may differ from those shown: `/path=*`, `/path<=5000` or `/path in ["a","b"]`. */
    loosen: z.array(Loosening).max(MAX_LOOSENINGS).default([]),
  })
  .meta({ id: 'ForTask' })

/** What persons agreed to for a whole task, without the arguments that it covers. */
export const Amendment = z
  .object({
    id: Id,
    state: z.enum(['active', 'used', 'expired', 'withdrawn', 'void']),
    /** The approval in which they agreed. */
    approval: Id,
    task: Id,
    agent: Name,
    system: Name,
    action: z.string(),
    /** The gate that it lifts: who agrees there, and the policy that is set aside. */
    gate: z.string(),
    policy: z.string(),
    agreed_by: z.array(z.string()),
    /** Calls that it covers besides the one that was held, and how many of them there were. */
    count: z.int(),
    used: z.int(),
    given_at: Time,
    expires_at: Time,
    /** How it ended; null while it is active. */
    ended: z.object({ by: z.string().nullable(), reason: z.string(), at: Time }).nullable(),
  })
  .meta({ id: 'Amendment' })

/** The same with what it covers; null once it has ended. Reading it is recorded. */
export const AmendmentShown = Amendment.extend({
  bounds: z
    .object({
      input: z.record(z.string(), z.unknown()),
      /** How far arguments may differ, for each who agreed: a call has to be within all of them. */
      loosen: z.array(z.array(z.string())),
    })
    .nullable(),
}).meta({ id: 'AmendmentShown' })

/** Query of `GET /v1/amendments`. */
export const AmendmentsQuery = z.strictObject({
  /** Those of one task, however they ended; absent: all that are active. */
  task: Id.optional(),
})

/** Answer of `GET /v1/amendments`, oldest first. */
export const AmendmentsAnswer = z.object({ amendments: z.array(Amendment) })

export type ForTask = z.output<typeof ForTask>
export type Amendment = z.infer<typeof Amendment>
export type AmendmentShown = z.infer<typeof AmendmentShown>
