// Holds how an agent is shown: names in place of ids, times as RFC 3339, roles as they are held now.

import { rfc3339 } from '../../std/clock.ts'
import type { Agent as AgentAnswer } from '../../wire/api/agent.ts'
import type { Agents } from '../../authority/registry/agents.ts'
import { assignmentsOf, rolesNow } from '../../authority/registry/roles.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'

/** An agent of the registry. */
export type Agent = ReturnType<Agents['find']>

type Ports = Pick<ControlPorts, 'authority' | 'clock'>

function time(ms: number | undefined): string | null {
  return ms === undefined ? null : rfc3339(ms)
}

/** How many live instances each agent has: counted once for a whole list. */
export function liveCounts({ identities }: Pick<ControlPorts, 'identities'>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { agent } of identities.list()) counts.set(agent, (counts.get(agent) ?? 0) + 1)
  return counts
}

function observed(authority: Ports['authority'], { observe }: Agent): AgentAnswer['observe'] {
  if (observe === undefined) return null
  const { until, by, reason, at } = observe
  return { until: rfc3339(until), by: personName(authority, by), reason, at: rfc3339(at) }
}

/** An agent as people see it. */
export function shownAgent(
  { authority, clock }: Ports,
  agent: Agent,
  live: ReadonlyMap<string, number>,
): AgentAnswer {
  const { environment = 'default', risk = 'medium', clients = [] } = agent
  return {
    name: agent.name,
    purpose: agent.purpose,
    owner: personName(authority, agent.owner),
    orphaned: agent.state !== 'retired' && authority.agents.orphaned(agent),
    roles: [...rolesNow(agent, clock.now())],
    assignments: assignmentsOf(agent).map((one) => ({
      role: one.role,
      reason: one.reason,
      by: one.by === '' ? null : personName(authority, one.by),
      at: one.by === '' ? null : rfc3339(one.at),
      expires_at: time(one.expiresAt),
      reviewed_at: time(one.reviewedAt),
    })),
    unattended: agent.unattended,
    taskless: agent.taskless === true,
    environment,
    risk,
    review_at: time(agent.reviewAt),
    expires_at: time(agent.expiresAt),
    clients: [...clients],
    observe: observed(authority, agent),
    state: agent.state,
    because: agent.because ?? null,
    created_at: rfc3339(agent.createdAt),
    instances_live: live.get(agent.name) ?? 0,
  }
}
