// Holds the reach of an agent as the control API tells it: what a stolen one could touch now, as a graph. History: v1.

import { z } from 'zod'
import { EFFECTS } from '../effect.ts'
import { Name } from './text.ts'

/** Body of `POST /v1/policies/reach`. */
export const ReachRequest = z.strictObject({
  agent: Name,
  /** Only what it could do on behalf of this person; also where nothing is delegated to it now. */
  on_behalf_of: Name.optional(),
})

const Effects = z.array(z.enum(EFFECTS))

/** One way in which the agent can act. */
const Way = z.object({
  kind: z.enum(['delegation', 'unattended', 'person']),
  delegation: z.string().nullable(),
  /** Name; null: nobody. */
  person: z.string().nullable(),
  task: z.object({ id: z.string(), intent: z.string() }).nullable(),
  /** Why nothing can be done in it now; null: something may. */
  shut: z.string().nullable(),
})

/** One action within reach. */
const ReachedAction = z.object({
  /** `system/action`. */
  action: z.string(),
  effects: Effects,
  labels: z.array(z.string()),
  permits: z.array(z.string()),
  gates: z.array(z.object({ name: z.string(), policy: z.string(), always: z.boolean() })),
  bounds: z.array(
    z.object({
      policy: z.string(),
      effect: z.enum(['permit', 'forbid']),
      kind: z.enum(['when', 'unless']),
      text: z.string(),
    }),
  ),
  /** Places in `ways`. */
  ways: z.array(z.number().int()),
  sets_off: z.array(z.string()),
  triggered: Effects,
})

/** Answer of `POST /v1/policies/reach`. */
export const ReachAnswer = z.object({
  agent: z.string(),
  state: z.string(),
  roles: z.array(z.string()),
  ways: z.array(Way),
  /** Ways that were left out, because there are too many. */
  more_ways: z.number().int(),
  actions: z.array(ReachedAction),
  /** Systems of which nothing can be called whatever policy says, with the reason. */
  closed: z.array(z.object({ system: z.string(), why: z.string() })),
  nodes: z.array(
    z.object({ id: z.string(), kind: z.enum(['agent', 'role', 'policy', 'action', 'triggered']) }),
  ),
  edges: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      kind: z.enum(['has', 'permitted_by', 'allows', 'sets_off']),
      gated: z.boolean(),
      limited: z.boolean(),
    }),
  ),
})

export type ReachAnswer = z.infer<typeof ReachAnswer>
export type ReachRequest = z.input<typeof ReachRequest>
