// Holds the routes of an agent's roles: assigning with a reason and perhaps an end, taking away, confirming.

import { z } from 'zod'
import { Agent, NewRole } from '../../wire/api/agent.ts'
import { BecauseRequest, Name } from '../../wire/api/text.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { liveCounts, shownAgent } from './shown.ts'

const ByRole = z.strictObject({ name: Name, role: Name })

/** Serves the roles of agents. */
export function serveRoles(surface: Surface, ports: ControlPorts): void {
  const { agents } = ports.authority
  surface.closed(
    'POST /v1/agents/{name}/roles',
    {
      summary: 'Assign a role to an agent, or give one that it has another reason or end',
      params: z.strictObject({ name: Name }),
      body: NewRole,
      answer: Agent,
    },
    async ({ params, body, person }) => {
      const { role, reason, expires_at: expires } = body
      const wish = {
        role,
        reason,
        ...(expires !== undefined && { expiresAt: Date.parse(expires) }),
      }
      const agent = await agents.assignRole(params.name, wish, { person: person.id, reason })
      return shownAgent(ports, agent, liveCounts(ports))
    },
  )
  surface.closed(
    'POST /v1/agents/{name}/roles/{role}/remove',
    { summary: 'Take a role from an agent', params: ByRole, body: BecauseRequest, answer: Agent },
    async ({ params: { name, role }, body: { reason }, person }) => {
      const agent = await agents.removeRole(name, role, { person: person.id, reason })
      return shownAgent(ports, agent, liveCounts(ports))
    },
  )
  surface.closed(
    'POST /v1/agents/{name}/roles/{role}/review',
    {
      summary: 'Note that a role was looked at, and is right',
      params: ByRole,
      body: BecauseRequest,
      answer: Agent,
    },
    async ({ params: { name, role }, body: { reason }, person }) => {
      const agent = await agents.reviewRole(name, role, { person: person.id, reason })
      return shownAgent(ports, agent, liveCounts(ports))
    },
  )
}
