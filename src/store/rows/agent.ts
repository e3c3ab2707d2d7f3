// Holds the row of an agent.

import type { TableShape } from '../table.ts'

/** Lifecycle of an agent; `retired` is final. Only `active` agents have instances that act. */
export type AgentState = 'discovered' | 'pending' | 'active' | 'suspended' | 'retired'

/** How much harm it could do, as its owner judges. */
export type RiskTier = 'low' | 'medium' | 'high' | 'critical'

/** Why an agent has a role, and until when. */
export interface RoleAssignment {
  readonly role: string
  readonly reason: string
  /** Person id of who assigned it. */
  readonly by: string
  /** ms since the epoch. */
  readonly at: number
  /** ms since the epoch; the role is gone at that instant. Absent: until it is taken away. */
  readonly expiresAt?: number
  /** When a person last confirmed it, ms since the epoch. */
  readonly reviewedAt?: number
}

/** That an agent's denials of calls which only read and write are observed and not enforced, until when, and on whose word. */
export interface Observing {
  /** ms since the epoch; at that instant everything is enforced again. */
  readonly until: number
  /** Person id. */
  readonly by: string
  readonly reason: string
  /** ms since the epoch. */
  readonly at: number
}

/** A registered actor. Members that came later are absent in older rows, and what absence means stands beside them. */
export interface Agent {
  /** A name (`isName`), unique: the id. */
  readonly name: string
  /** Person id, or `team:<name>`; empty for one that was discovered and that nobody owns yet. */
  readonly owner: string
  /** One sentence: what it is for. */
  readonly purpose: string
  /** Names of all roles that are assigned, sorted; one with an assignment that has ended is no longer held. */
  readonly roles: readonly string[]
  /** By role name; a role without one was assigned before reasons were kept, and has no end. */
  readonly assignments?: readonly RoleAssignment[]
  /** May act without a user (INV-4). */
  readonly unattended: boolean
  /** May act without a task (INV-4). Absent: it may not. */
  readonly taskless?: boolean
  /** Absent: `default`. */
  readonly environment?: string
  /** Absent: `medium`. */
  readonly risk?: RiskTier
  /** When a person has to look at it again, ms since the epoch. */
  readonly reviewAt?: number
  /** When it stops acting by itself, ms since the epoch. */
  readonly expiresAt?: number
  /** Client metadata document URLs (OAuth CIMD) whose consents become instances of this agent. */
  readonly clients?: readonly string[]
  /** Observe mode (INV-2). Absent: everything is enforced. */
  readonly observe?: Observing
  readonly state: AgentState
  /** Why it is in this state, where it was not a person's word: `its owner left`. */
  readonly because?: string
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
