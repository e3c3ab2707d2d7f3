// Holds the row of a session: a person signed in on the control listener.

import type { TableShape } from '../table.ts'

/** A session; the cookie's secret is never stored. */
export interface SessionRow {
  /** SHA-256 of the secret, base64url: the id. */
  readonly hash: string
  /** Person id. */
  readonly person: string
  /** How the person proved who they are: `passkey`, `link`, or `oidc:<source>`. */
  readonly by: string
  readonly state: 'live' | 'ended'
  /** ms since the epoch. */
  readonly createdAt: number
  readonly expiresAt: number
  /** When a passkey was last touched in this session, ms since the epoch. */
  readonly presentAt?: number
  /** Which one that was, where they were asked to show that they are there: its credential id. */
  readonly presentBy?: string
}

/** Table `sessions`. Live ones are on the roll, so that an ended one cannot be put back by hand. */
export const SESSIONS: TableShape<SessionRow> = {
  table: 'sessions',
  id: (session) => session.hash,
  columns: (session) => ({
    person: session.person,
    state: session.state,
    expires_at: session.expiresAt,
  }),
  roll: { column: 'state', values: ['live'] },
}
