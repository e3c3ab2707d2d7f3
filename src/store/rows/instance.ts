// Holds the row of an instance: one running copy of an agent.

import type { TableShape } from '../table.ts'

/** An enrolled instance. */
export interface InstanceRow {
  /** UUIDv7. */
  readonly id: string
  readonly agent: string
  /** Delegation id, where it acts on somebody's behalf. */
  readonly delegation?: string
  /** Id of the join token that it enrolled with. */
  readonly joinToken: string
  /** `ended` is by its own word, `expired` by the clock, `revoked` by a person's. */
  readonly state: 'live' | 'ended' | 'expired' | 'revoked'
  /** ms since the epoch. */
  readonly createdAt: number
  /** End of its absolute life (INV-8), ms since the epoch. */
  readonly lifeEnds: number
  /** When and why it is no longer live. */
  readonly ended?: { readonly at: number; readonly reason: string }
}

/** Table `instances`. Live ones are on the roll, so that a revoked one cannot be put back by hand. */
export const INSTANCES: TableShape<InstanceRow> = {
  table: 'instances',
  id: (instance) => instance.id,
  columns: (instance) => ({
    agent: instance.agent,
    state: instance.state,
    life_ends: instance.lifeEnds,
  }),
  roll: { column: 'state', values: ['live'] },
}
