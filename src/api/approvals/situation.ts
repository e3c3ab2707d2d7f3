// Holds what whoever answers an approval should know of the house: its deployment, and whether everything is enforced.

import { observedAgents } from '../agents/observed.ts'
import type { ControlPorts } from '../ports.ts'

/** One sentence. Agents that are observed are counted and not named: the page of an approval needs no credential. */
export function situationNow({ authority, server }: Pick<ControlPorts, 'authority' | 'server'>) {
  const { situation } = server.facts()
  const observed = observedAgents(authority).length
  return observed === 0
    ? situation
    : `${situation}; observe mode is on for ${observed} of the agents`
}
