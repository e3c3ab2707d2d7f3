// Holds agents and their join tokens as the control API shows, makes and changes them. History: v1.

import { z } from 'zod'
import { Name, Purpose, Reason, Time } from './text.ts'

/** Lifecycle of an agent; `retired` is final. */
export const AgentState = z.enum(['discovered', 'pending', 'active', 'suspended', 'retired'])

/** A registered agent. */
export const Agent = z
  .object({
    name: Name,
    purpose: z.string(),
    /** Name of the person who answers for it. */
    owner: z.string(),
    roles: z.array(Name),
    /** May act without a person (INV-4). */
    unattended: z.boolean(),
    state: AgentState,
    created_at: Time,
    instances_live: z.number().int(),
  })
  .meta({ id: 'Agent' })

/** Answer of `GET /v1/agents`. */
export const AgentsAnswer = z.object({ agents: z.array(Agent) })

/** Body of `POST /v1/agents`. */
export const NewAgent = z.strictObject({
  name: Name,
  purpose: Purpose,
  /** Name of a person; the caller where it is left out. */
  owner: Name.optional(),
  roles: z.array(Name).max(32).default([]),
  unattended: z.boolean().default(false),
})

/** Body of `PATCH /v1/agents/{name}`: at least one member besides the reason. */
export const AgentChange = z
  .strictObject({
    purpose: Purpose.optional(),
    roles: z.array(Name).max(32).optional(),
    state: AgentState.optional(),
    reason: Reason,
  })
  .refine(
    (change) =>
      change.purpose !== undefined || change.roles !== undefined || change.state !== undefined,
    'changes nothing: name purpose, roles or state',
  )

/** Body of `POST /v1/agents/{name}/join-tokens`. */
export const NewJoinToken = z.strictObject({
  /** True for an instance that acts on nobody's behalf; the agent must be registered for it. */
  unattended: z.boolean().default(false),
})

/** A join token, shown this once. */
export const JoinTokenAnswer = z.object({
  token: z.string(),
  agent: Name,
  expires_at: Time,
  /** Where the instance enrols. */
  identity_url: z.string(),
  /** Name of the person on whose behalf the instance will act. */
  on_behalf_of: z.string().nullable(),
})

export type AgentState = z.infer<typeof AgentState>
export type Agent = z.infer<typeof Agent>
export type AgentsAnswer = z.infer<typeof AgentsAnswer>
export type NewAgent = z.input<typeof NewAgent>
export type AgentChange = z.infer<typeof AgentChange>
export type NewJoinToken = z.input<typeof NewJoinToken>
export type JoinTokenAnswer = z.infer<typeof JoinTokenAnswer>
