// Holds the row of an instance: one running copy of an agent.

import type { Composition } from '../../wire/actor.ts'
import type { TableShape } from '../table.ts'

/** An enrolled instance. */
export interface InstanceRow {
  /** UUIDv7. */
  readonly id: string
  readonly agent: string
  /** Delegation id, where it acts on somebody's behalf. */
  readonly delegation?: string
  /** Id of the join token that it enrolled with; absent where an attestor vouched for it, or a person's consent made it. */
  readonly joinToken?: string
  /** What attested it; absent in older rows: a join token. */
  readonly attested?: {
    readonly attestor: 'join_token' | 'unix' | 'oidc' | 'x509pop' | 'consent' | 'delegation'
    /** Name of the trust source; empty for `unix`, absent where there is none. */
    readonly source?: string
    /** Id of the registration that matched. */
    readonly registration?: string
    /** Those that the registration names, sorted. */
    readonly selectors: readonly string[]
    /** What names this one workload at its source. */
    readonly subject?: string
    /** ms since the epoch. */
    readonly at: number
  }
  /** What it is made of; absent: nothing is known. */
  readonly composition?: Composition
  /** Id of the instance that the same workload was before. */
  readonly replaces?: string
  /** `ended` is by its own word, `expired` by the clock, `revoked` by a person's. */
  readonly state: 'live' | 'ended' | 'expired' | 'revoked'
  /** ms since the epoch. */
  readonly createdAt: number
  /** End of its absolute life (INV-8), ms since the epoch. */
  readonly lifeEnds: number
  /** When and why it is no longer live. */
  readonly ended?: {
    readonly at: number
    readonly reason: string
    /** True where what it came by was taken away, and not itself: its workload may come back by fresh evidence. */
    readonly mayReturn?: true
  }
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
