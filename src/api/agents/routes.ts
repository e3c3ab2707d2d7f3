// Holds the routes of agents: registering, changing, and join tokens for their instances.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import {
  Agent as AgentAnswer,
  AgentChange,
  AgentsAnswer,
  JoinTokenAnswer,
  NewAgent,
  NewJoinToken,
} from '../../wire/api/agent.ts'
import { Name } from '../../wire/api/text.ts'
import type { Agents } from '../../authority/registry/agents.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

type Agent = ReturnType<Agents['find']>

const ByName = z.strictObject({ name: Name })

function shown({ authority, identities }: ControlPorts, agent: Agent): AgentAnswer {
  return {
    name: agent.name,
    purpose: agent.purpose,
    owner: personName(authority, agent.owner),
    roles: [...agent.roles],
    unattended: agent.unattended,
    state: agent.state,
    created_at: rfc3339(agent.createdAt),
    instances_live: identities.list().filter((one) => one.agent === agent.name).length,
  }
}

/** Serves agents. */
export function serveAgents(surface: Surface, ports: ControlPorts): void {
  const { agents } = ports.authority
  surface.closed(
    'GET /v1/agents',
    { summary: 'All agents, by name', answer: AgentsAnswer },
    () => ({ agents: agents.list().map((agent) => shown(ports, agent)) }),
  )
  surface.closed(
    'POST /v1/agents',
    { summary: 'Register an agent', body: NewAgent, answer: AgentAnswer },
    async ({ body, person }) => {
      const { name, purpose, owner = person.id, roles, unattended } = body
      const registration = { name, purpose, owner, roles, unattended }
      return shown(ports, await agents.register(registration, { person: person.id }))
    },
  )
  surface.closed(
    'GET /v1/agents/{name}',
    { summary: 'One agent', params: ByName, answer: AgentAnswer },
    ({ params }) => shown(ports, agents.find(params.name)),
  )
  surface.closed(
    'PATCH /v1/agents/{name}',
    {
      summary: 'Change what an agent is for, its roles, or whether it may act',
      params: ByName,
      body: AgentChange,
      answer: AgentAnswer,
    },
    async ({ params, body, person }) => {
      const { purpose, roles, state, reason } = body
      const change = {
        ...(purpose !== undefined && { purpose }),
        ...(roles !== undefined && { roles }),
        ...(state !== undefined && { state }),
      }
      const by = { person: person.id, reason }
      return shown(ports, await agents.update(params.name, change, by))
    },
  )
  serveJoinTokens(surface, ports)
}

function serveJoinTokens(surface: Surface, { identities, server }: ControlPorts): void {
  surface.closed(
    'POST /v1/agents/{name}/join-tokens',
    {
      summary: 'Make a join token, shown this once; its instance acts on behalf of who asks',
      params: ByName,
      body: NewJoinToken,
      answer: JoinTokenAnswer,
    },
    async ({ params, body, person }) => {
      const { token, expiresAt } = await identities.issueJoinToken({
        agent: params.name,
        by: person.id,
        ...(!body.unattended && { person: person.id }),
      })
      return {
        token,
        agent: params.name,
        expires_at: rfc3339(expiresAt),
        identity_url: server.facts().listeners.identity,
        on_behalf_of: body.unattended ? null : person.name,
      }
    },
  )
}
