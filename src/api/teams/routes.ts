// Holds the routes of teams: listing, making, and who is in them.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import {
  NewTeam,
  Team as TeamAnswer,
  TeamChange,
  TeamsAnswer,
  TeamsQuery,
} from '../../wire/api/team.ts'
import { Name } from '../../wire/api/text.ts'
import type { Teams } from '../../authority/registry/teams.ts'
import { governed } from '../governance/governed.ts'
import { pageOf } from '../page-of.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

type Team = ReturnType<Teams['find']>

const ByName = z.strictObject({ name: Name })

/** How many agents each owner has that are not retired: counted once for a whole list. */
function owned({ authority }: ControlPorts): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { owner, state } of authority.agents.list()) {
    if (state !== 'retired') counts.set(owner, (counts.get(owner) ?? 0) + 1)
  }
  return counts
}

/** Serves teams. */
export function serveTeams(surface: Surface, ports: ControlPorts): void {
  const { authority } = ports
  const { teams, people } = authority
  const shown = (team: Team, counts: ReadonlyMap<string, number>): TeamAnswer => ({
    name: team.name,
    members: team.members.map((id) => ({
      id,
      name: personName(authority, id),
      left: people.get(id) === undefined,
    })),
    agents: counts.get(`team:${team.name}`) ?? 0,
    created_at: rfc3339(team.createdAt),
  })
  surface.closed(
    'GET /v1/teams',
    { summary: 'Teams, by name', query: TeamsQuery, answer: TeamsAnswer },
    ({ query: { limit, cursor = '' } }) => {
      const later = teams.list().filter(({ name }) => name > cursor)
      const { page, next } = pageOf(later, limit, ({ name }) => name)
      const counts = owned(ports)
      return { teams: page.map((team) => shown(team, counts)), next }
    },
  )
  surface.closed(
    'POST /v1/teams',
    { summary: 'Make a team', body: NewTeam, answer: TeamAnswer, governed: true },
    ({ body: { name, members, reason }, person }) => {
      const wish = { kind: 'team-create', team: name, members } as const
      return governed(ports, wish, { person: person.id, reason }, () =>
        shown(teams.find(name), owned(ports)),
      )
    },
  )
  surface.closed(
    'GET /v1/teams/{name}',
    { summary: 'One team', params: ByName, answer: TeamAnswer },
    ({ params }) => shown(teams.find(params.name), owned(ports)),
  )
  surface.closed(
    'PATCH /v1/teams/{name}',
    {
      summary: 'Put people into a team, or take them out',
      params: ByName,
      body: TeamChange,
      answer: TeamAnswer,
      governed: true,
    },
    ({ params: { name }, body: { add, remove, reason }, person }) => {
      const wish = { kind: 'team-change', team: name, add, remove } as const
      return governed(ports, wish, { person: person.id, reason }, () =>
        shown(teams.find(name), owned(ports)),
      )
    },
  )
}
