// Holds what whoever answers an approval should know of the house: its deployment, where the agent runs, and whether all is enforced.

import { DISTRICT_SELECTOR } from '../../wire/actor.ts'
import { observedAgents } from '../agents/observed.ts'
import type { ControlPorts } from '../ports.ts'

type SituationPorts = Pick<ControlPorts, 'authority' | 'identities' | 'server'>

/**
 * One sentence about the instance that asks. Agents that are observed are counted and not named: the page of an approval needs no
 * credential.
 */
export function situationNow(ports: SituationPorts, instance: string): string {
  const parts = [placeOf(ports, instance)]
  const observed = observedAgents(ports.authority).length
  if (observed > 0) parts.push(`observe mode is on for ${observed} of the agents`)
  return parts.join('; ')
}

/** Where an instance runs, as far as somebody vouched for it, and what it could therefore do besides what is governed. */
function placeOf({ identities, server }: SituationPorts, id: string): string {
  const { account, situation } = server.facts()
  const attested = identities.list().find((one) => one.instance === id)?.attested
  const selectors = attested?.selectors ?? []
  if (selectors.includes(DISTRICT_SELECTOR)) {
    return 'this agent was started in a district of its own: the gateway is its only way out, and the home, keys and operator credential are out of its reach'
  }
  const uid = attested?.attestor === 'unix' ? uidIn(selectors) : undefined
  if (uid === undefined) {
    return `${situation}; where this agent runs nobody vouched for (\`bailiwick run\` would)`
  }
  if (uid !== account.uid) {
    return `this agent runs under the account with uid ${uid}, and Bailiwick under ${account.name}: it cannot read the home and keys, and what else its own account reaches is not governed`
  }
  return `this agent runs under ${account.name}, which is Bailiwick's own account: it could read the home, keys and operator credential, and act as the operator`
}

function uidIn(selectors: readonly string[]): number | undefined {
  const found = selectors.find((selector) => /^unix:uid:\d+$/.test(selector))
  return found === undefined ? undefined : Number(found.slice('unix:uid:'.length))
}
