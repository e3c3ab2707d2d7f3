// Holds the row of an access token: that it was issued, to whom, and until when.

import type { TableShape } from '../table.ts'

/** An issued access token; its text is never stored. */
export interface TokenRow {
  /** `jti`: the id. */
  readonly id: string
  readonly instance: string
  /** Delegation id under which it acts, where there is one. */
  readonly delegation?: string
  /** Resources that it is meant for (RFC 8707). */
  readonly audience: readonly string[]
  /** Absent: nothing narrows beyond the delegation. */
  readonly scope?: readonly string[]
  /** JWK thumbprint (RFC 9449), or SHA-256 of a certificate, base64url (RFC 8705); absent for an unbound bearer. */
  readonly binding?: { readonly kind: 'dpop' | 'mtls'; readonly value: string }
  /** SPIFFE ID of the only instance, or URI of the only agent, that may exchange it: such a token opens nothing else. */
  readonly mayAct?: string
  /** `jti` of the token that it was exchanged for: it dies with that. */
  readonly parent?: string
  /** Refresh family that it came from. */
  readonly family?: string
  readonly state: 'live' | 'revoked'
  /** ms since the epoch. */
  readonly createdAt: number
  readonly expiresAt: number
}

/** Table `tokens`. Rows past their end are pruned; what was issued stands in the log. */
export const TOKENS: TableShape<TokenRow> = {
  table: 'tokens',
  id: (token) => token.id,
  columns: (token) => ({
    instance: token.instance,
    state: token.state,
    expires_at: token.expiresAt,
  }),
}
