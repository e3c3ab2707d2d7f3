// Holds the row of a root certificate of the trust domain: which ones sign, are trusted, or never again.

import type { TableShape } from '../table.ts'

/** A root. Its private key is in custody under `keyId`. */
export interface RootRow {
  /** SHA-256 of the certificate's DER, base64url: the id. */
  readonly fingerprint: string
  readonly keyId: string
  /** PEM. */
  readonly certificate: string
  /** `prepared` is in the bundle and signs nothing yet; `active` signs; `retired` is trusted until its leaves have ended, and then it is `ended`; `distrusted` never again. */
  readonly state: 'prepared' | 'active' | 'retired' | 'ended' | 'distrusted'
  /** Place in the order of roots, from 1. */
  readonly place: number
  /** ms since the epoch. */
  readonly createdAt: number
  /** When it came into this state, ms since the epoch. */
  readonly since: number
  /** Sequence of the bundle that this row was last written for; the largest of all rows is that of the bundle. Absent: 1. */
  readonly sequence?: number
  /** Id of the token key in that bundle. */
  readonly tokenKey?: string
}

/** Table `roots`. */
export const ROOTS: TableShape<RootRow> = {
  table: 'roots',
  id: (root) => root.fingerprint,
  columns: (root) => ({ state: root.state, key_id: root.keyId }),
  roll: 'all',
}
