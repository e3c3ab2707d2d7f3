// Holds the reading of what a person says of an agent: members of the API as the registry takes them.

import type { z } from 'zod'
import type { AgentChange, NewAgent } from '../../wire/api/agent.ts'
import type {
  AgentChange as Change,
  AgentRegistration as Registration,
} from '../../authority/registry/agent-words.ts'

type Roles = z.output<typeof NewAgent>['roles']

function roles(said: Roles): Registration['roles'] {
  return said.map((one) => {
    if (typeof one === 'string') return one
    const { role, reason, expires_at: expires } = one
    return {
      role,
      ...(reason !== undefined && { reason }),
      ...(expires !== undefined && { expiresAt: Date.parse(expires) }),
    }
  })
}

/** A registration; `owner` is who asks where the body names none. */
export function registrationOf(body: z.output<typeof NewAgent>, asker: string): Registration {
  const { review_at: review, expires_at: expires, owner = asker, ...rest } = body
  const { environment, risk, clients, reason } = rest
  return {
    name: rest.name,
    purpose: rest.purpose,
    owner,
    roles: roles(rest.roles),
    unattended: rest.unattended,
    ...(rest.taskless && { taskless: true }),
    state: rest.state,
    ...(environment !== undefined && { environment }),
    ...(risk !== undefined && { risk }),
    ...(review !== undefined && { reviewAt: Date.parse(review) }),
    ...(expires !== undefined && { expiresAt: Date.parse(expires) }),
    ...(clients !== undefined && { clients }),
    ...(reason !== undefined && { reason }),
  }
}

/** A change. */
export function changeOf(body: z.output<typeof AgentChange>): Change {
  const { review_at: review, expires_at: expires, roles: said, ...rest } = body
  const { owner, purpose, unattended, taskless, environment, risk, clients, state } = rest
  return {
    ...(owner !== undefined && { owner }),
    ...(purpose !== undefined && { purpose }),
    ...(said !== undefined && { roles: roles(said) }),
    ...(unattended !== undefined && { unattended }),
    ...(taskless !== undefined && { taskless }),
    ...(environment !== undefined && { environment }),
    ...(risk !== undefined && { risk }),
    ...(review !== undefined && { reviewAt: review === null ? null : Date.parse(review) }),
    ...(expires !== undefined && { expiresAt: expires === null ? null : Date.parse(expires) }),
    ...(clients !== undefined && { clients }),
    ...(state !== undefined && { state }),
  }
}
