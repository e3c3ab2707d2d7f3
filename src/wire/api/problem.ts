// Holds the problem document (RFC 9457) that every refusal of the control API is. History: v1.

import { z } from 'zod'

/** What is wrong with one policy source. */
export const PolicyProblem = z.object({
  file: z.string(),
  /** From 1. */
  line: z.number().int(),
  /** From 1, in characters. */
  column: z.number().int(),
  code: z.string(),
  message: z.string(),
  help: z.string().optional(),
})

/** An answer with a status of 400 or above. */
export const Problem = z
  .object({
    type: z.literal('about:blank'),
    /** The words of the HTTP status. */
    title: z.string(),
    status: z.number().int(),
    /** Stable; every code stands in the reference pages. */
    code: z.string(),
    detail: z.string(),
    /** What to do now. */
    next: z.string(),
    request_id: z.string(),
    /** What is wrong with which member; only with `api.invalid`. */
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    /** What is wrong with which line; only with `policy.invalid`. */
    problems: z.array(PolicyProblem).optional(),
  })
  .meta({ id: 'Problem' })

export type PolicyProblem = z.infer<typeof PolicyProblem>
export type Problem = z.infer<typeof Problem>
