// Holds how agents are drawn: one as fields with its roles, many as a table.

import type { Agent } from '../../wire/api/agent.ts'
import { fields, table, type Cell, type Surface } from '../terminal/table.ts'
import { when } from '../terminal/when.ts'

const STATE_STYLE = {
  discovered: 'yellow',
  pending: 'yellow',
  active: 'green',
  suspended: 'yellow',
  retired: 'dim',
} as const

const RISK_STYLE = { low: 'green', medium: 'dim', high: 'yellow', critical: 'red' } as const

function state(agent: Agent): Cell {
  const because = agent.because === null ? '' : `: ${agent.because}`
  return { text: `${agent.state}${because}`, style: STATE_STYLE[agent.state] }
}

function owner(agent: Agent): Cell {
  if (!agent.orphaned) return agent.owner
  return { text: agent.owner === '' ? 'nobody' : `${agent.owner}, who left`, style: 'red' }
}

/** A date that has come is one to act on. */
function due(date: string | null, now: number): Cell {
  if (date === null) return 'never'
  const text = when(date, now)
  return Date.parse(date) <= now ? { text, style: 'yellow' } : text
}

function observed({ until, by, reason }: NonNullable<Agent['observe']>, now: number): Cell {
  const text = `what policy denies of reads and writes goes on until ${when(until, now)}, on the word of ${by}: ${reason}`
  return { text, style: 'yellow' }
}

/** One agent, with its roles if it has any. */
export function drawAgent(agent: Agent, surface: Surface, now: number): string {
  const head = fields(
    [
      ['agent', agent.name],
      ['state', state(agent)],
      ['observed', agent.observe === null ? undefined : observed(agent.observe, now)],
      ['purpose', agent.purpose],
      ['owner', owner(agent)],
      ['environment', agent.environment],
      ['risk', { text: agent.risk, style: RISK_STYLE[agent.risk] }],
      ['roles', agent.roles.join(' ') || 'none'],
      ['acts', agent.unattended ? 'also without a person' : 'on behalf of a person only'],
      ['works', agent.taskless ? 'also without a task' : 'on a task only'],
      ['clients', agent.clients.length === 0 ? undefined : agent.clients.join(' ')],
      ['registered', when(agent.created_at, now)],
      ['review', agent.review_at === null ? undefined : due(agent.review_at, now)],
      ['expires', agent.expires_at === null ? undefined : due(agent.expires_at, now)],
      ['instances', `${agent.instances_live} live`],
    ],
    surface,
  )
  return agent.assignments.length === 0 ? head : `${head}\n${drawRoles(agent, surface, now)}`
}

function drawRoles(agent: Agent, surface: Surface, now: number): string {
  return table(
    ['ROLE', 'EXPIRES', 'REVIEWED', 'ASSIGNED', 'BY', 'REASON'],
    agent.assignments.map((one) => [
      one.role,
      due(one.expires_at, now),
      one.reviewed_at === null ? 'never' : when(one.reviewed_at, now),
      one.at === null ? '' : when(one.at, now),
      one.by ?? '',
      one.reason,
    ]),
    surface,
  )
}

/** A table of agents. */
export function drawAgents(agents: readonly Agent[], surface: Surface): string {
  return table(
    ['NAME', 'STATE', 'LIVE', 'OWNER', 'ENVIRONMENT', 'ROLES', 'PURPOSE'],
    agents.map((agent) => [
      agent.name,
      state(agent),
      agent.instances_live,
      owner(agent),
      agent.environment,
      agent.roles.join(' '),
      agent.purpose,
    ]),
    surface,
  )
}
