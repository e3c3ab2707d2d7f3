// Holds the lifecycle of agents: which state may follow which, and the type of record that says so.

import type { AgentState } from '../../store/rows/agent.ts'

/**
 * `discovered → pending → active ⇄ suspended → retired`; anything that is not retired can be. Nothing comes back from
 * `retired`, and nothing becomes `discovered`.
 */
const TRANSITIONS: Readonly<Record<AgentState, readonly AgentState[]>> = {
  discovered: ['pending', 'retired'],
  pending: ['active', 'retired'],
  active: ['suspended', 'retired'],
  suspended: ['active', 'retired'],
  retired: [],
}

/** Every state, in the order of a life. */
export const STATES = Object.keys(TRANSITIONS) as readonly AgentState[]

/** The type of the record by which an agent comes into a state. */
export const TRANSITION_RECORDS = {
  discovered: 'agent.discovered',
  pending: 'agent.claimed',
  active: 'agent.activated',
  suspended: 'agent.suspended',
  retired: 'agent.retired',
} as const satisfies Readonly<Record<AgentState, string>>

/** True when an agent may go from one state to the other. Staying is no transition. */
export function mayBecome(from: AgentState, to: AgentState): boolean {
  return TRANSITIONS[from].includes(to)
}
