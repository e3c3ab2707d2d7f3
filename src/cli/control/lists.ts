// Holds the long lists of the API as a whole: every agent, every team, every registration.

import { AgentsAnswer, type Agent } from '../../wire/api/agent.ts'
import { RegistrationsAnswer, type Registration } from '../../wire/api/registration.ts'
import { TeamsAnswer, type Team } from '../../wire/api/team.ts'
import type { Control } from './control.ts'
import { pagesOf } from './pages.ts'

/** Every agent that fits the query, by name. */
export async function everyAgent(
  control: Control,
  query: Readonly<Record<string, string | undefined>> = {},
): Promise<Agent[]> {
  const agents: Agent[] = []
  for await (const page of pagesOf(control, ['v1', 'agents'], query, AgentsAnswer)) {
    agents.push(...page.agents)
  }
  return agents
}

/** Every team, by name. */
export async function everyTeam(control: Control): Promise<Team[]> {
  const teams: Team[] = []
  for await (const page of pagesOf(control, ['v1', 'teams'], {}, TeamsAnswer)) {
    teams.push(...page.teams)
  }
  return teams
}

/** Every registration that fits the query, oldest first. */
export async function everyRegistration(
  control: Control,
  query: Readonly<Record<string, string | undefined>> = {},
): Promise<Registration[]> {
  const registrations: Registration[] = []
  for await (const page of pagesOf(control, ['v1', 'registrations'], query, RegistrationsAnswer)) {
    registrations.push(...page.registrations)
  }
  return registrations
}
