// Holds limits as the control API shows and makes them. History: v1.

import { z } from 'zod'
import { isScopePattern } from '../scope.ts'
import { Id, Name, Reason, Time } from './text.ts'

/** What is limited. The last three set the circuit breaker of an agent. */
export const LimitWhat = z.enum([
  'calls',
  'writes',
  'money',
  'bytes',
  'recipients',
  'concurrency',
  'denials',
  'errors',
  'identical',
])

/** The time over which it is counted. */
export const LimitPer = z.enum(['second', 'minute', 'hour', 'day'])

const Each = z.enum(['agent', 'person', 'task'])

/** Which calls a limit is on: all conditions hold at once, none means every call. */
const On = z.strictObject({
  agent: Name.optional(),
  /** Name of a person. */
  person: Name.optional(),
  task: Id.optional(),
  action: z.string().refine(isScopePattern, 'is not like system/action, system/* or *').optional(),
})

/** A limit in force. */
export const Limit = z
  .object({
    id: z.string(),
    on: z.object({
      agent: z.string().optional(),
      person: z.string().optional(),
      task: z.string().optional(),
      action: z.string().optional(),
    }),
    /** Counted apart for each; null: all calls that it is on share one count. */
    each: Each.nullable(),
    what: LimitWhat,
    most: z.number().int(),
    /** Null for `concurrency`. */
    per: LimitPer.nullable(),
    reason: z.string(),
    added_by: z.string(),
    added_at: Time,
    /** What is taken now, the most first: `of` is empty where nothing is counted apart. */
    use: z.array(z.object({ of: z.string(), taken: z.number().int() })),
  })
  .meta({ id: 'Limit' })

/** Answer of `GET /v1/limits`: oldest first, each with its largest count. */
export const LimitsAnswer = z.object({ limits: z.array(Limit) })

/** Body of `POST /v1/limits`. */
export const NewLimit = z
  .strictObject({
    on: On.default({}),
    each: Each.optional(),
    what: LimitWhat,
    most: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
    /** Left out for `concurrency` alone. */
    per: LimitPer.optional(),
    reason: Reason,
  })
  .refine(
    ({ what, per }) => (what === 'concurrency') === (per === undefined),
    'is counted over a time, unless it is concurrency',
  )

/** Answer of `POST /v1/limits/{id}/remove`. */
export const LimitRemoved = z.object({ id: z.string(), removed: z.literal(true) })

export type LimitWhat = z.infer<typeof LimitWhat>
export type LimitPer = z.infer<typeof LimitPer>
export type Limit = z.infer<typeof Limit>
export type NewLimit = z.input<typeof NewLimit>
