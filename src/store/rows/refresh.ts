// Holds the row of a refresh family: one consent, and the one refresh token of it that can be used now.

import type { TableShape } from '../table.ts'

/** A family of refresh tokens (RFC 9700 §4.14.2): each is used once, and a second use ends them all. */
export interface RefreshRow {
  /** UUIDv7. */
  readonly id: string
  readonly instance: string
  readonly delegation?: string
  /** Client id. */
  readonly client: string
  /** SHA-256 of the token that is good now, base64url. */
  readonly current: string
  /** How many were issued; the token names its place, so that an older one is known for what it is. */
  readonly place: number
  readonly audience: readonly string[]
  readonly scope?: readonly string[]
  /** Key that the client proved when the family began; it stays the same. */
  readonly binding?: { readonly kind: 'dpop' | 'mtls'; readonly value: string }
  /** The client authenticates itself with a key of its document; absent: it is a public one. */
  readonly confidential?: true
  readonly state: 'live' | 'revoked' | 'reused'
  /** ms since the epoch. */
  readonly createdAt: number
  readonly expiresAt: number
}

/** Table `refresh_families`. Live ones are on the roll, so that an ended one cannot be put back by hand. */
export const REFRESH_FAMILIES: TableShape<RefreshRow> = {
  table: 'refresh_families',
  id: (family) => family.id,
  columns: (family) => ({
    instance: family.instance,
    state: family.state,
    expires_at: family.expiresAt,
  }),
  roll: { column: 'state', values: ['live'] },
}
