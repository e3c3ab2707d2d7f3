// Holds the row of a lock.

import type { TableShape } from '../table.ts'

/** What a lock can deny. */
export type LockKind =
  | 'person'
  | 'agent'
  | 'instance'
  | 'delegation'
  | 'task'
  | 'system'
  | 'action'
  | 'credential'
  | 'everything'

/** What is locked. */
export interface LockTarget {
  readonly kind: LockKind
  /** Person id, agent name, instance id, delegation id, task id, system name, `<system>/<action>`, `<system>/<credential>` or `<system>/user:<person id>`; empty for `everything`. */
  readonly name: string
}

/** The first of two words by which a lock is lifted. */
export interface LiftRequest {
  /** Person id. */
  readonly person: string
  readonly reason: string
  /** ms since the epoch. */
  readonly at: number
  /** From when the same person, being alone here, may say it again and lift it (ms since the epoch); null: another person has to. */
  readonly from: number | null
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
  /** Person ids of who could lift it when it was made, or could have by signing in, sorted; absent where that was not noted: who can now. */
  readonly able?: readonly string[]
  /** Those of them who had a passkey then; absent where that was not noted: none is asked for. */
  readonly keyed?: readonly string[]
  /** Somebody has asked for it to be lifted; it is in force all the same. */
  readonly lift?: LiftRequest
  readonly removed?: { readonly person: string; readonly reason: string; readonly at: number }
}

/** Table `locks`. Active ones are on the roll, so that deleting a row by hand does not unlock. */
export const LOCKS: TableShape<Lock> = {
  table: 'locks',
  id: (lock) => lock.id,
  columns: (lock) => ({ state: lock.state }),
  roll: { column: 'state', values: ['active'] },
}
