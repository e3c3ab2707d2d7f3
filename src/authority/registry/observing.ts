// Holds observe mode on an agent: for how long at most, and whether it is on.

import type { Agent } from '../../store/rows/agent.ts'
import { fault } from './faults.ts'
import type { RoleWord } from './roles.ts'

/** How long an agent may be observed at most (ms): after that a person says it again, with a reason. */
const OBSERVE_MOST_MS = 7 * 86_400_000

/** The agent, observed until a time. Throws `agent.observe` for one that is not active, or an end that is past or too far off. */
export function observedUntil(agent: Agent, until: number, { by, at, reason }: RoleWord): Agent {
  if (agent.state !== 'active') {
    throw fault('agent.observe', `\`${agent.name}\` is ${agent.state}: nothing of it is observed`)
  }
  if (!Number.isSafeInteger(until) || until <= at || until > at + OBSERVE_MOST_MS) {
    throw fault('agent.observe', 'observe mode ends within seven days, and not in the past')
  }
  return { ...agent, observe: { until, by, reason, at } }
}

/** The agent without observe mode. */
export function enforced(agent: Agent): Agent {
  const { observe: _, ...rest } = agent
  return rest
}

/** The agent as it stands now: observe mode at its end is off, whether that is written or not. */
export function withoutEndedObserving(agent: Agent, now: number): Agent {
  return agent.observe === undefined || now < agent.observe.until ? agent : enforced(agent)
}
