// Holds the routes of agents: registering, listing, changing, and join tokens for their instances.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import {
  Agent as AgentAnswer,
  AgentChange,
  AgentsAnswer,
  AgentsQuery,
  JoinTokenAnswer,
  NewAgent,
  NewJoinToken,
} from '../../wire/api/agent.ts'
import { Name } from '../../wire/api/text.ts'
import { taskFault } from '../../authority/tasks/faults.ts'
import { pageOf } from '../page-of.ts'
import type { Asker } from '../asker.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { joinWishOf, taskAsker } from '../tasks/said.ts'
import { serveObserving } from './observe.ts'
import { serveRoles } from './roles.ts'
import { changeOf, registrationOf } from './said.ts'
import { liveCounts, shownAgent, type Agent } from './shown.ts'

const ByName = z.strictObject({ name: Name })

/** True for the agents that a query asks for. */
function wanted(
  { authority, clock }: ControlPorts,
  query: z.output<typeof AgentsQuery>,
  live: ReadonlyMap<string, number>,
): (agent: Agent) => boolean {
  const { agents, people, teams } = authority
  const { state, environment, orphaned, review_due: due, idle } = query
  const now = clock.now()
  const words = query.match?.toLowerCase()
  const named = query.named?.toLowerCase()
  let owner: string | undefined
  if (query.owner !== undefined) {
    const team = query.owner.startsWith('team:') ? query.owner.slice('team:'.length) : undefined
    // Also of somebody who left: what they owned is what one looks for.
    const left = people.list().find(({ name }) => name === query.owner)
    owner =
      team === undefined ? (left ?? people.find(query.owner)).id : `team:${teams.find(team).name}`
  }
  return (agent) =>
    (state === undefined || agent.state === state) &&
    (owner === undefined || agent.owner === owner) &&
    (environment === undefined || (agent.environment ?? 'default') === environment) &&
    (orphaned === undefined || (agent.state !== 'retired' && agents.orphaned(agent))) &&
    (due === undefined ||
      (agent.state !== 'retired' && agent.reviewAt !== undefined && agent.reviewAt <= now)) &&
    (idle === undefined || !live.has(agent.name)) &&
    (named === undefined || agent.name.includes(named)) &&
    (words === undefined ||
      agent.name.includes(words) ||
      agent.purpose.toLowerCase().includes(words))
}

/** Serves agents. */
export function serveAgents(surface: Surface, ports: ControlPorts): void {
  const { agents } = ports.authority
  const one = (agent: Agent): AgentAnswer => shownAgent(ports, agent, liveCounts(ports))
  surface.closed(
    'GET /v1/agents',
    { summary: 'Agents, by name', query: AgentsQuery, answer: AgentsAnswer },
    ({ query }) => {
      const live = liveCounts(ports)
      const found = agents.list(query.cursor).filter(wanted(ports, query, live))
      const { page, next } = pageOf(found, query.limit, ({ name }) => name)
      const shown = page.map((agent) => shownAgent(ports, agent, live))
      const total = query.cursor === undefined ? { total: found.length } : {}
      return { agents: shown, next, ...total }
    },
  )
  surface.closed(
    'POST /v1/agents',
    { summary: 'Register an agent', body: NewAgent, answer: AgentAnswer },
    async ({ body, person }) =>
      one(await agents.register(registrationOf(body, person.id), { person: person.id })),
  )
  surface.closed(
    'GET /v1/agents/{name}',
    { summary: 'One agent', params: ByName, answer: AgentAnswer },
    ({ params }) => one(agents.find(params.name)),
  )
  surface.closed(
    'PATCH /v1/agents/{name}',
    {
      summary: 'Change what an agent is for, who owns it, its roles, or its state',
      params: ByName,
      body: AgentChange,
      answer: AgentAnswer,
    },
    async ({ params, body, person }) => {
      const by = { person: person.id, reason: body.reason }
      return one(await agents.update(params.name, changeOf(body), by))
    },
  )
  serveRoles(surface, ports)
  serveObserving(surface, ports)
  serveJoinTokens(surface, ports)
}

/** How long a task that comes with a join token lasts where nothing is said (ms): as long as its instance may live. */
const JOIN_TASK_MS = 24 * 3_600_000

/** The task that the instance of a join token is bound to: one that is open for it, or one that is opened now. */
async function taskOf(
  { authority, clock }: ControlPorts,
  agent: string,
  { task }: z.output<typeof NewJoinToken>,
  asker: Asker,
  request: Request,
): Promise<string | undefined> {
  const { tasks } = authority
  if (task === undefined) return undefined
  if (typeof task !== 'string') {
    const wish = { endsAt: clock.now() + JOIN_TASK_MS, ...joinWishOf(agent, task) }
    return (await tasks.open(wish, taskAsker(asker, request))).id
  }
  const found = tasks.find(task)
  // Somebody else's task, and one that serves another delegation, are not there for who asks.
  if (found.agent === agent && found.user === asker.person.id && found.bound !== true) return task
  throw taskFault('task.unknown', 'no task of this id is open for this agent and this person')
}

function serveJoinTokens(surface: Surface, ports: ControlPorts): void {
  const { authority, identities, server } = ports
  surface.closed(
    'POST /v1/agents/{name}/join-tokens',
    {
      summary: 'Make a join token, shown this once; its instance acts on behalf of who asks',
      params: ByName,
      body: NewJoinToken,
      answer: JoinTokenAnswer,
    },
    async ({ params, body, person, request, ...asker }) => {
      const task = await taskOf(ports, params.name, body, { person, ...asker }, request)
      const issuing = identities.issueJoinToken({
        agent: params.name,
        by: person.id,
        ...(!body.unattended && { person: person.id }),
        ...(body.scope !== undefined && { scope: body.scope }),
        ...(body.depth !== undefined && { depth: body.depth }),
        ...(task !== undefined && { task }),
        ...(body.replaces !== undefined && { replaces: body.replaces }),
        ...(body.district === true && { district: true }),
      })
      const { token, expiresAt } = await issuing.catch(async (error: unknown) => {
        if (typeof body.task === 'object' && task !== undefined) {
          const word = { by: person.id, reason: 'no join token came of it' }
          await authority.tasks.end(task, 'cancelled', word)
        }
        throw error
      })
      return {
        token,
        agent: params.name,
        expires_at: rfc3339(expiresAt),
        identity_url: server.facts().listeners.identity,
        on_behalf_of: body.unattended ? null : person.name,
        task: task ?? null,
      }
    },
  )
}
