// Holds the row of a secret: one sealed environment value of a system.

import type { TableShape } from '../table.ts'

/** A value that a system needs and no agent sees. */
export interface Secret {
  readonly system: string
  /** Name of the environment variable. */
  readonly name: string
  /** The value, sealed with the encryption key under system and name, base64url. */
  readonly sealed: string
  /** Person id. */
  readonly person: string
  /** ms since the epoch. */
  readonly storedAt: number
}

/** Table `secrets`. */
export const SECRETS: TableShape<Secret> = {
  table: 'secrets',
  id: (secret) => `${secret.system}/${secret.name}`,
  columns: (secret) => ({ system: secret.system }),
}
