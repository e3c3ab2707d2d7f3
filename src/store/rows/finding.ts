// Holds the row of a finding: what a detector concluded, and what a person made of it.

import type { TableShape } from '../table.ts'

/** A finding. */
export interface FindingRow {
  /** UUIDv7. */
  readonly id: string
  /** Name of the rule, e.g. `dpop-replay`. */
  readonly rule: string
  readonly severity: 'low' | 'medium' | 'high' | 'critical'
  /** One sentence. */
  readonly summary: string
  readonly agent?: string
  readonly instance?: string
  /** What the rule saw: ids, counts and times, never a secret. */
  readonly facts: Readonly<Record<string, string | number>>
  /** Lock id that the response set. */
  readonly lock?: string
  readonly state: 'open' | 'closed'
  readonly closed?: { readonly person: string; readonly reason: string; readonly at: number }
  /** ms since the epoch. */
  readonly at: number
}

/** Table `findings`. */
export const FINDINGS: TableShape<FindingRow> = {
  table: 'findings',
  id: (finding) => finding.id,
  columns: (finding) => ({ state: finding.state, rule: finding.rule }),
}
