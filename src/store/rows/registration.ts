// Holds the row of a registration: which attested facts make a workload an instance of an agent.

import type { TableShape } from '../table.ts'
import type { CompositionElement } from '../../wire/actor.ts'

/** A registration. A workload whose selectors include all of these may enrol as an instance of the agent. */
export interface Registration {
  /** UUIDv7. */
  readonly id: string
  readonly agent: string
  /** Name of the attestor. */
  readonly attestor: 'unix' | 'oidc' | 'x509pop'
  /** Id of the issuer or certificate authority that the evidence comes from; empty for `unix`. */
  readonly source: string
  /** `<attestor>:<name>:<value>`, sorted, at least one. */
  readonly selectors: readonly string[]
  /** Selector name (`oidc`: claim) whose value becomes an attested element of the composition. */
  readonly composition?: Readonly<Partial<Record<CompositionElement, string>>>
  /** On whose behalf its instances act; only that person can have said so. Absent: unattended. */
  readonly person?: string
  /** Scope of that delegation; absent: nothing narrows. */
  readonly scope?: readonly string[]
  /** Person id of who registered it. */
  readonly by: string
  readonly state: 'active' | 'removed'
  /** ms since the epoch. */
  readonly createdAt: number
  /** ms since the epoch. */
  readonly expiresAt?: number
}

/** Table `registrations`. Active ones are on the roll, so that a removed one cannot be put back by hand. */
export const REGISTRATIONS: TableShape<Registration> = {
  table: 'registrations',
  id: (one) => one.id,
  columns: (one) => ({ agent: one.agent, state: one.state }),
  roll: { column: 'state', values: ['active'] },
}
