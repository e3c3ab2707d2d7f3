// Holds findings as the control API shows them. History: v1.

import { z } from 'zod'
import { Id, Name, Time } from './text.ts'

/** What a detector concluded. */
export const Finding = z
  .object({
    id: Id,
    rule: z.string(),
    severity: z.enum(['low', 'medium', 'high', 'critical']),
    summary: z.string(),
    agent: Name.nullable(),
    instance: Id.nullable(),
    facts: z.record(z.string(), z.union([z.string(), z.number()])),
    /** The lock that answered it. */
    lock: Id.nullable(),
    state: z.enum(['open', 'closed']),
    at: Time,
  })
  .meta({ id: 'Finding' })

/** Answer of `GET /v1/findings`: those that are open, newest first. */
export const FindingsAnswer = z.object({ findings: z.array(Finding) })

export type Finding = z.infer<typeof Finding>
