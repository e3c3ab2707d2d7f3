// Holds what the record says of an agent: its standing after the change, so that the newest word is the whole word.

import type { JsonObject } from '../../std/json.ts'
import type { Agent } from '../../store/rows/agent.ts'

/**
 * The body of a record about an agent. `ends` has the roles that end, by name; times are ms since the epoch. The replay of
 * a log into an older database reads `state`, `roles`, `ends`, `unattended`, `taskless`, `environment`, `expiresAt`, `clients` and `observe`.
 */
export function agentBody(agent: Agent, more: JsonObject): JsonObject {
  const { owner, purpose, roles, assignments = [], unattended, state } = agent
  const { environment = 'default', risk = 'medium', reviewAt, expiresAt, clients = [] } = agent
  const ends = assignments.flatMap((one) =>
    one.expiresAt === undefined ? [] : [[one.role, one.expiresAt] as const],
  )
  return {
    owner,
    purpose,
    roles: [...roles],
    ...(ends.length > 0 && { ends: Object.fromEntries(ends) }),
    unattended,
    ...(agent.taskless === true && { taskless: true }),
    environment,
    risk,
    ...(reviewAt !== undefined && { reviewAt }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(clients.length > 0 && { clients: [...clients] }),
    ...(agent.observe !== undefined && { observe: { until: agent.observe.until } }),
    state,
    ...more,
  }
}
