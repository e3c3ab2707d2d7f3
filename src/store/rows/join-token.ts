// Holds the row of a join token: the right to enrol one instance, once.

import type { TableShape } from '../table.ts'

/** An issued join token; the secret itself is never stored. */
export interface JoinTokenRow {
  /** UUIDv7. */
  readonly id: string
  /** SHA-256 of the token's secret, base64url. */
  readonly tokenHash: string
  readonly agent: string
  /** Person id of who issued it. */
  readonly person: string
  /** Delegation id, where the instance will act on somebody's behalf. */
  readonly delegation?: string
  /** True where the program of a person asked for it, to start the instance in a district. */
  readonly district?: true
  readonly state: 'issued' | 'used' | 'expired'
  /** ms since the epoch. */
  readonly createdAt: number
  /** ms since the epoch. */
  readonly expiresAt: number
  /** Instance id of who used it. */
  readonly usedBy?: string
}

/** Table `join_tokens`. Unused ones are on the roll, so that a used one cannot be put back by hand. */
export const JOIN_TOKENS: TableShape<JoinTokenRow> = {
  table: 'join_tokens',
  id: (token) => token.id,
  columns: (token) => ({
    token_hash: token.tokenHash,
    state: token.state,
    expires_at: token.expiresAt,
    used_by: token.usedBy ?? null,
  }),
  roll: { column: 'state', values: ['issued'] },
}
