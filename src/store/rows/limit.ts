// Holds the row of a limit: how much of something may happen within a time, or at once.

import type { TableShape } from '../table.ts'

/**
 * What is limited. `concurrency` is calls that run at once; `denials`, `errors` and `identical` set the circuit breaker of an agent,
 * in place of what the settings say.
 */
export type LimitWhat =
  | 'calls'
  | 'writes'
  | 'money'
  | 'bytes'
  | 'recipients'
  | 'concurrency'
  | 'denials'
  | 'errors'
  | 'identical'

/** The time over which it is counted. */
export type LimitPer = 'second' | 'minute' | 'hour' | 'day'

/** Which calls a limit is on: all conditions hold at once, and none means every call. */
export interface LimitOn {
  /** Agent name: one that calls, or on whose authority it is called. */
  readonly agent?: string
  /** Person id. */
  readonly person?: string
  /** Task id. */
  readonly task?: string
  /** `<system>/<action>`, `<system>/*` or `*`, as scopes are written. */
  readonly action?: string
}

/** A limit. */
export interface Limit {
  /** UUIDv7. */
  readonly id: string
  readonly on: LimitOn
  /** Counted apart for each of these; absent: all calls that it is on share one count. */
  readonly each?: 'agent' | 'person' | 'task'
  readonly what: LimitWhat
  readonly most: number
  /** Absent for `concurrency` alone. */
  readonly per?: LimitPer
  readonly reason: string
  /** Person id of who added it. */
  readonly person: string
  /** ms since the epoch. */
  readonly at: number
  readonly state: 'active' | 'removed'
  readonly removed?: { readonly person: string; readonly reason: string; readonly at: number }
}

/** Table `limits`. All are on the roll, so that deleting a row by hand, or putting an older one back, shows. */
export const LIMITS: TableShape<Limit> = {
  table: 'limits',
  id: (limit) => limit.id,
  columns: () => ({}),
  roll: 'all',
}
