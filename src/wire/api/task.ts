// Holds tasks as the control API shows, opens, narrows and ends them. History: v1; v2 what was approved for one.

import { z } from 'zod'
import { isScopePattern, MAX_PATTERNS } from '../scope.ts'
import { Amendment } from './amendment.ts'
import { Id, Moment, Name, Reason, Time } from './text.ts'

/** Where a task stands; only `active` is worth anything. */
const TaskState = z.enum(['active', 'done', 'cancelled', 'expired'])

/** What may be called for a task, and under which condition on the arguments. */
export const TaskPermit = z.strictObject({
  action: z.string().refine(isScopePattern, 'is not like system/action, system/* or *'),
  /** A Cedar expression over `context`. */
  when: z.string().trim().min(1).max(2_000).optional(),
})

const Bound = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional()

/** What a task may use up altogether; what is absent is not bounded. */
export const TaskBudget = z.strictObject({
  calls: Bound,
  writes: Bound,
  /** In the minor unit of what the actions measure (cents). */
  money: Bound,
  bytes: Bound,
  minutes: Bound,
})

const Permits = z.array(TaskPermit).min(1).max(MAX_PATTERNS)

/** One line of a person's own words about what it is for. */
const Intent = Reason.meta({ description: 'one line, at most 500 characters' })

/** The request by which a person asked, signed with their key. */
const TaskRequest = z.object({
  /** Key id of the person's key. */
  key: z.string(),
  /** The proof that came with the request: a compact JWS over method, path and the digest of `body`. */
  proof: z.string(),
  body: z.string(),
})

/** A task. */
export const Task = z
  .object({
    id: z.string(),
    intent: z.string(),
    agent: z.string(),
    /** The only instance that may work on it; null: any of the agent. */
    instance: z.string().nullable(),
    /** True where it serves one delegation, and ends with that. */
    bound: z.boolean(),
    /** Name of the person on whose behalf; null: nobody's. */
    on_behalf_of: z.string().nullable(),
    /** Name of who asked for it. */
    asked_by: z.string(),
    allow: z.array(TaskPermit),
    budget: TaskBudget,
    state: TaskState,
    starts_at: Time,
    ends_at: Time,
    created_at: Time,
    /** How it ended; null while it is active. */
    ended: z.object({ by: z.string().nullable(), reason: z.string(), at: Time }).nullable(),
    /** `sha256:…`, as the record of its opening has it: over `salt`, intent, scope and budget as they were then. */
    digest: z.string(),
    salt: z.string(),
    /** Null where nobody's key signed for it: it was asked for with a browser, or by consent. */
    request: TaskRequest.nullable(),
  })
  .meta({ id: 'Task' })

/** Answer of `GET /v1/tasks/{id}`. */
export const TaskShown = Task.extend({
  /** What persons agreed to for the whole task, however it ended. */
  amendments: z.array(Amendment),
}).meta({ id: 'TaskShown' })

/** Query of `GET /v1/tasks`. */
export const TasksQuery = z.strictObject({
  /** `true`: only those that the asker asked for, or that are worked on for them. */
  mine: z.enum(['true', 'false']).default('false'),
  agent: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  /** `next` of the page before: the id after which the page begins. */
  cursor: Id.optional(),
})

/** Answer of `GET /v1/tasks`: those that have not ended, oldest first. */
export const TasksAnswer = z.object({ tasks: z.array(Task), next: z.string().nullable() })

/** Body of `POST /v1/tasks`. */
export const NewTask = z
  .strictObject({
    agent: Name,
    intent: Intent,
    allow: Permits,
    budget: TaskBudget.default({}),
    /** The only instance that may work on it. */
    instance: Id.optional(),
    /** The delegation that is bound to it from now on, which then is under no other. */
    delegation: Id.optional(),
    /** Name of the person on whose behalf; who asks where it is left out. */
    on_behalf_of: Name.optional(),
    /** True: for instances that act on nobody's behalf. */
    unattended: z.boolean().default(false),
    starts_at: Moment.optional(),
    /** Eight hours after it begins where it is left out; 30 days at most. */
    ends_at: Moment.optional(),
  })
  .refine(
    ({ unattended, on_behalf_of: person }) => !unattended || person === undefined,
    'is for a person, or for nobody, not both',
  )

/** A task that is opened with a join token, for the instance that comes of it alone. */
export const JoinTask = z.strictObject({
  intent: Intent,
  allow: Permits,
  budget: TaskBudget.default({}),
  /** The end of what the instance gets where it is left out. */
  ends_at: Moment.optional(),
})

/** Body of `POST /v1/tasks/{id}/narrow`: at least one member besides the reason. */
export const TaskNarrowing = z
  .strictObject({
    /** All that is left of the scope. */
    allow: Permits.optional(),
    budget: TaskBudget.optional(),
    ends_at: Moment.optional(),
    reason: Reason,
  })
  .refine(
    ({ allow, budget, ends_at: end }) => (allow ?? budget ?? end) !== undefined,
    'narrows nothing: name allow, budget or ends_at',
  )

export type Task = z.infer<typeof Task>
export type TaskShown = z.infer<typeof TaskShown>
export type TaskPermit = z.infer<typeof TaskPermit>
export type TaskBudget = z.infer<typeof TaskBudget>
export type NewTask = z.input<typeof NewTask>
export type TaskNarrowing = z.input<typeof TaskNarrowing>
