// Holds the row of an agent.

import type { TableShape } from '../table.ts'

/** Lifecycle of an agent; `retired` is final. */
type AgentState = 'active' | 'suspended' | 'retired'

/** A registered actor. */
export interface Agent {
  /** A name (`isName`), unique: the id. */
  readonly name: string
  /** Person id. */
  readonly owner: string
  /** One sentence: what it is for. */
  readonly purpose: string
  /** Role names, sorted. */
  readonly roles: readonly string[]
  /** May act without a user (INV-4). */
  readonly unattended: boolean
  readonly state: AgentState
  /** ms since the epoch. */
  readonly createdAt: number
}

/** Table `agents`. */
export const AGENTS: TableShape<Agent> = {
  table: 'agents',
  id: (agent) => agent.name,
  columns: (agent) => ({ owner: agent.owner, state: agent.state }),
  roll: 'all',
}
