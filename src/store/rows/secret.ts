// Holds the row of a secret: one value that a system needs, sealed, or the reference to where it is kept. History: v1, v2 versions.

import type { TableShape } from '../table.ts'

/** A value that a system needs and no agent sees. */
export interface Secret {
  readonly system: string
  /** Name by which the system's transport speaks of it: for a program, that of the environment variable. */
  readonly name: string
  /**
   * The value: an envelope bound to system, name and version. Rows of v1 hold it under the encryption key, bound to system and name.
   * Empty where there is a reference, and once it was removed.
   */
  readonly sealed: string
  /** Where the value is kept, `vault:<path>#<field>`; no secret itself. */
  readonly reference?: string
  /** Person id of who stored this version. */
  readonly person: string
  /** When this version was stored, ms since the epoch. */
  readonly storedAt: number
  /** Counts values, 1 for the first; absent: 1. */
  readonly version?: number
  /** Keyed commitment to the value, by which equal ones are known; absent for references and for rows of v1. */
  readonly commitment?: string
  /** After how long a new value is due (ms). */
  readonly rotateEveryMs?: number
  /** When the value ends at the system, ms since the epoch. */
  readonly expiresAt?: number
  /** Why it has to be replaced at the provider: it stood somewhere in clear. Until somebody says that it was. */
  readonly exposed?: { readonly reason: string; readonly at: number }
  /** Versions before this one, the newest first; their values are gone. */
  readonly earlier?: readonly {
    readonly version: number
    readonly storedAt: number
    readonly person: string
  }[]
  /** True once it was removed: the row stays, so that an earlier one put back by hand shows. */
  readonly removed?: true
}

/** Table `secrets`. All rows are on the roll, so that an earlier value cannot be put back by hand. */
export const SECRETS: TableShape<Secret> = {
  table: 'secrets',
  id: (secret) => `${secret.system}/${secret.name}`,
  columns: (secret) => ({ system: secret.system }),
  roll: 'all',
}
