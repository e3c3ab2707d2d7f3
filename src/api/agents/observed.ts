// Holds the banner of observe mode: which agents are being observed now, and until when.

import { rfc3339 } from '../../std/clock.ts'
import type { Authority } from '../../authority/open.ts'

/** Names that a banner holds; more are counted. */
const NAMED = 5

/** The agents that are being observed now. */
export function observedAgents({ agents }: Pick<Authority, 'agents'>): string[] {
  return agents
    .list()
    .flatMap(({ name, state, observe }) =>
      observe === undefined || state !== 'active'
        ? []
        : [`${name} until ${rfc3339(observe.until)}`],
    )
}

/** One sentence; undefined where everything is enforced. */
export function observedNow(authority: Pick<Authority, 'agents'>): string | undefined {
  const observed = observedAgents(authority)
  if (observed.length === 0) return undefined
  const more = observed.length > NAMED ? `, and ${observed.length - NAMED} more` : ''
  return `observe mode is on for ${observed.slice(0, NAMED).join(', ')}${more}: what policy denies them of reads and writes goes on all the same`
}
