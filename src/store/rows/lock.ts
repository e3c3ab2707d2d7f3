// Holds the row of a lock.

import type { TableShape } from '../table.ts'

/** What a lock can deny. */
export type LockKind =
  'person' | 'agent' | 'instance' | 'delegation' | 'task' | 'system' | 'action' | 'everything'

/** What is locked. */
export interface LockTarget {
  readonly kind: LockKind
  /** Person id, agent name, instance id, delegation id, task id, system name, `<system>/<action>`; empty for `everything`. */
  readonly name: string
}

/** An active denial, or one that was removed. */
export interface Lock {
  /** UUIDv7. */
  readonly id: string
  readonly target: LockTarget
  readonly reason: string
  /** Person id; empty where a response to a finding set it. */
  readonly person: string
  /** Finding id that it answers. */
  readonly finding?: string
  /** ms since the epoch. */
  readonly at: number
  readonly state: 'active' | 'removed'
  readonly removed?: { readonly person: string; readonly reason: string; readonly at: number }
}

/** Table `locks`. Active ones are on the roll, so that deleting a row by hand does not unlock. */
export const LOCKS: TableShape<Lock> = {
  table: 'locks',
  id: (lock) => lock.id,
  columns: (lock) => ({ state: lock.state }),
  roll: { column: 'state', values: ['active'] },
}
