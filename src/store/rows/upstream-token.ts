// Holds the row of an upstream token: what one person consented to at one system, sealed.

import type { TableShape } from '../table.ts'

/** Tokens of one person at one system. */
export interface UpstreamTokenRow {
  readonly system: string
  /** Person id. */
  readonly person: string
  readonly state: 'connected' | 'disconnected'
  /** Envelope over the tokens, bound to system, person and generation; empty once it is disconnected. */
  readonly sealed: string
  /** Counts writes: a refresh makes a new one. */
  readonly generation: number
  /** Counts consents: tokens of one are one account to the system. */
  readonly consent: number
  /** When the access token ends, ms since the epoch; absent: nobody said. */
  readonly expiresAt?: number
  /** Scope that was granted, where the system said. */
  readonly scope?: string
  /** True where there is a refresh token. */
  readonly refreshes: boolean
  /** What the system is called with it for, as the registration said when the person consented: another one needs another consent. */
  readonly terms: string
  /** ms since the epoch. */
  readonly connectedAt: number
  readonly refreshedAt?: number
  readonly ended?: { readonly at: number; readonly by: string; readonly reason: string }
}

/** Table `upstream_tokens`. All rows are on the roll: a token that was taken back cannot be put back by hand. */
export const UPSTREAM_TOKENS: TableShape<UpstreamTokenRow> = {
  table: 'upstream_tokens',
  id: (token) => `${token.system}/${token.person}`,
  columns: (token) => ({ system: token.system, person: token.person }),
  roll: 'all',
}
