// Holds agents and their join tokens as the control API shows, makes and changes them. History: v1, v1 with a whole life.

import { z } from 'zod'
import { isScopePattern, MAX_PATTERNS } from '../scope.ts'
import { pageQuery } from './paging.ts'
import { JoinTask } from './task.ts'
import { Id, Moment, Name, Purpose, Reason, Time } from './text.ts'

/** Lifecycle of an agent; `retired` is final. */
export const AgentState = z.enum(['discovered', 'pending', 'active', 'suspended', 'retired'])

/** How much harm it could do, as its owner judges. */
export const Risk = z.enum(['low', 'medium', 'high', 'critical'])

/** Who answers for an agent: the name of a person, or `team:` and the name of a team. */
export const Owner = z
  .string()
  .refine((text) => Name.safeParse(text.replace(/^team:/, '')).success, 'is no person and no team')
  .meta({ description: 'name of a person, or team:NAME' })

/** A pattern of a scope. */
const ScopePattern = z.string().refine(isScopePattern, 'is not like system/action, system/* or *')

/** Why an agent has a role, and until when. */
const RoleAssignment = z.object({
  role: Name,
  /** Empty for one from before reasons were kept. */
  reason: z.string(),
  /** Name of who assigned it; null for one from before that was kept. */
  by: z.string().nullable(),
  at: Time.nullable(),
  expires_at: Time.nullable(),
  reviewed_at: Time.nullable(),
})

/** A registered agent. */
export const Agent = z
  .object({
    name: Name,
    purpose: z.string(),
    /** Name of the person who answers for it, or `team:<name>`; empty for one that nobody has taken on yet. */
    owner: z.string(),
    /** True while nobody who is here owns it: then it cannot be active. */
    orphaned: z.boolean(),
    /** The roles that it holds now. */
    roles: z.array(Name),
    assignments: z.array(RoleAssignment),
    /** May act without a person (INV-4). */
    unattended: z.boolean(),
    /** May act without a task (INV-4). */
    taskless: z.boolean(),
    environment: Name,
    risk: Risk,
    /** When a person has to look at it again. */
    review_at: Time.nullable(),
    expires_at: Time.nullable(),
    /** URLs of client metadata documents whose consents become instances of this agent. */
    /** Observe mode: until when, on whose word (a name) and why; null: everything is enforced. */
    observe: z
      .object({ until: Time, by: z.string(), reason: z.string(), at: Time })
      .nullable()
      .default(null),
    clients: z.array(z.string()),
    state: AgentState,
    /** Why it is in this state, where that was not a person's word. */
    because: z.string().nullable(),
    created_at: Time,
    instances_live: z.number().int(),
  })
  .meta({ id: 'Agent' })

/** Query of `GET /v1/agents`. */
export const AgentsQuery = z.strictObject({
  ...pageQuery,
  state: AgentState.optional(),
  owner: Owner.optional(),
  environment: Name.optional(),
  /** Only those that nobody who is here owns. */
  orphaned: z.literal('true').optional(),
  /** Only those whose date of review has come. */
  review_due: z.literal('true').optional(),
  /** Only those of which no instance is alive. */
  idle: z.literal('true').optional(),
  /** Only those whose name or purpose has this text, in capitals or not. */
  match: z.string().max(128).optional(),
  /** The same of the name alone. */
  named: z.string().max(63).optional(),
})

/** Answer of `GET /v1/agents`, by name. */
export const AgentsAnswer = z.object({
  agents: z.array(Agent),
  next: z.string().nullable(),
  /** How many there are in all; with the first page. */
  total: z.int().optional(),
})

/** A role as it is to be assigned. */
const RoleWish = z.strictObject({
  role: Name,
  /** The reason of the whole change where it is left out. */
  reason: Reason.optional(),
  expires_at: Moment.optional(),
})

const Roles = z.array(z.union([Name, RoleWish])).max(32)
const Clients = z.array(z.string().max(2048)).max(16)

/** Body of `POST /v1/agents`. */
export const NewAgent = z.strictObject({
  name: Name,
  purpose: Purpose,
  /** The caller where it is left out. */
  owner: Owner.optional(),
  roles: Roles.default([]),
  unattended: z.boolean().default(false),
  taskless: z.boolean().default(false),
  environment: Name.optional(),
  risk: Risk.optional(),
  review_at: Moment.optional(),
  expires_at: Moment.optional(),
  clients: Clients.optional(),
  /** `pending` leaves it to be activated later. */
  state: z.enum(['pending', 'active']).default('active'),
  reason: Reason.optional(),
})

/** Body of `PATCH /v1/agents/{name}`: at least one member besides the reason; null takes a date away. */
export const AgentChange = z
  .strictObject({
    owner: Owner.optional(),
    purpose: Purpose.optional(),
    /** Exactly these from now on; one that it has already and that says nothing else stays as it is. */
    roles: Roles.optional(),
    unattended: z.boolean().optional(),
    taskless: z.boolean().optional(),
    environment: Name.optional(),
    risk: Risk.optional(),
    review_at: Moment.nullable().optional(),
    expires_at: Moment.nullable().optional(),
    clients: Clients.optional(),
    state: AgentState.optional(),
    reason: Reason,
  })
  .refine(
    ({ reason: _reason, ...change }) => Object.values(change).some((said) => said !== undefined),
    'changes nothing: name purpose, roles, state or another member',
  )

/** Body of `POST /v1/agents/{name}/roles`. */
export const NewRole = z.strictObject({
  role: Name,
  reason: Reason,
  expires_at: Moment.optional(),
})

/** Body of `POST /v1/agents/{name}/observe`. */
export const ObserveRequest = z.strictObject({
  /** At most seven days off; eight hours from now where nothing is said. */
  until: Moment.optional(),
  reason: Reason,
})

/** Body of `POST /v1/agents/{name}/join-tokens`. */
export const NewJoinToken = z
  .strictObject({
    /** True for an instance that acts on nobody's behalf; the agent must be registered for it. */
    unattended: z.boolean().default(false),
    /** What of the asker's authority the instance gets: patterns of `<system>/<action>`; all of it where nothing is said. */
    scope: z.array(ScopePattern).min(1).max(MAX_PATTERNS).optional(),
    /** How many agents may follow below it, each with a part of what is above; none where nothing is said. */
    depth: z.number().int().min(0).max(4).optional(),
    /**
     * What the instance works on, and nothing else: the id of a task that is open for it, or a task that is opened for it now and
     * ends with it. Where nothing is said it works on the only one that is open, or names one.
     */
    task: z.union([Id, JoinTask]).optional(),
    /** The instance that is to be followed: refused where a person took it away. */
    replaces: Id.optional(),
    /** True where whoever asks starts the instance in a district of its own, as `bailiwick run` does. */
    district: z.boolean().optional(),
  })
  .refine(
    ({ unattended, scope, depth, task }) => !unattended || (scope ?? depth ?? task) === undefined,
    'hands nothing over where nobody stands behind it',
  )

/** A join token, shown this once. */
export const JoinTokenAnswer = z.object({
  token: z.string(),
  agent: Name,
  expires_at: Time,
  /** Where the instance enrols. */
  identity_url: z.string(),
  /** Name of the person on whose behalf the instance will act. */
  on_behalf_of: z.string().nullable(),
  /** Id of the task that it is bound to; null: none. */
  task: z.string().nullable(),
})

export type AgentState = z.infer<typeof AgentState>
export type Agent = z.infer<typeof Agent>
export type Risk = z.infer<typeof Risk>
export type AgentsAnswer = z.infer<typeof AgentsAnswer>
export type NewAgent = z.input<typeof NewAgent>
export type AgentChange = z.input<typeof AgentChange>
export type NewJoinToken = z.input<typeof NewJoinToken>
export type JoinTokenAnswer = z.infer<typeof JoinTokenAnswer>
