// Holds the row of an enforcer: a program of others that asks for decisions and enforces them itself.

import type { TableShape } from '../table.ts'

/** A program that may ask, for its own systems alone. */
export interface Enforcer {
  /** A name (`isName`), unique: the id. */
  readonly name: string
  /** SubjectPublicKeyInfo of the key that signs its assertions, DER, base64url: P-256 or Ed25519. The private half is its own. */
  readonly key: string
  /** Names of the systems that it stands in front of, sorted, at least one. */
  readonly systems: readonly string[]
  readonly state: 'active' | 'revoked'
  /** Person id of who registered it. */
  readonly by: string
  /** ms since the epoch. */
  readonly createdAt: number
  /** ms since the epoch: it may ask until then. */
  readonly expiresAt: number
  readonly revoked?: { readonly by: string; readonly reason: string; readonly at: number }
}

/** Table `enforcers`. Active ones are on the roll, so that a revoked one cannot be put back by hand. */
export const ENFORCERS: TableShape<Enforcer> = {
  table: 'enforcers',
  id: (enforcer) => enforcer.name,
  columns: (enforcer) => ({ state: enforcer.state }),
  roll: { column: 'state', values: ['active'] },
}
