// Holds what an agent really used, as the control API sums it up from recorded traffic. History: v1.

import { z } from 'zod'
import { Moment, Name, Time } from './text.ts'

/** Body of `POST /v1/policies/usage`. */
export const UsageRequest = z.strictObject({ agent: Name, since: Moment })

/** What one argument was, over all calls of an action. */
export const UsedArgument = z.object({
  /** Names from `context.input` on. */
  path: z.array(z.string()),
  kind: z.enum(['string', 'long', 'decimal', 'bool', 'set']),
  /** Whether every record on the way and it itself have to be there. */
  required: z.boolean(),
  /** Calls that had it. */
  calls: z.number().int(),
  /** Every value that was seen, with how often; null: too many. Of a set its elements. */
  values: z.array(z.object({ value: z.string(), calls: z.number().int() })).nullable(),
  /** Least and greatest, as text; null where it is no number. */
  least: z.string().nullable(),
  greatest: z.string().nullable(),
})

/** What was used of one action. */
export const UsedAction = z.object({
  system: z.string(),
  action: z.string(),
  calls: z.number().int(),
  first_at: Time,
  last_at: Time,
  /** Parties that were absent at least once. */
  without: z.array(z.enum(['user', 'task'])),
  /** Whether agent and system were ever of different environments. */
  crosses: z.boolean(),
  arguments: z.array(UsedArgument),
  /** Pointers of arguments that no policy sees; null: too many. */
  unseen: z.array(z.string()).nullable(),
  /** Paths of arguments that name who receives something, as they are counted. */
  recipients: z.array(z.array(z.string())),
})

/** Answer of `POST /v1/policies/usage`. */
export const UsageAnswer = z.object({
  agent: z.string(),
  since: Time,
  /** Calls that went on, or that a person was asked about. */
  calls: z.number().int(),
  /** Calls that were denied, and stay out of what is suggested. */
  denied: z.number().int(),
  dropped: z.number().int(),
  actions: z.array(UsedAction),
  /** Permits in force that speak of the agent and that nothing used, with how long they have been so at least. */
  unused: z.array(z.object({ id: z.string(), file: z.string(), since: Time })),
})

export type UsageAnswer = z.infer<typeof UsageAnswer>
export type UsedAction = z.infer<typeof UsedAction>
export type UsedArgument = z.infer<typeof UsedArgument>
