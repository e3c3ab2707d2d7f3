// Holds what one request presents as its credential, once the surface that took it has checked what only it can check.

import type { Actor } from './actor.ts'

/** What a request shows. The surface has verified possession (TLS, DPoP proof, socket); what it is worth is the authority's to say. */
export interface Presented {
  /** SHA-256 of the DER of the client certificate of this very connection, lower-case hex. */
  readonly certificate?: string
  /** An access token, and the scheme under which it came. */
  readonly token?: { readonly scheme: 'DPoP' | 'Bearer'; readonly text: string }
  /** JWK SHA-256 thumbprint (RFC 7638) of the key that signed a DPoP proof which was checked for this very request. */
  readonly jkt?: string
  /** A local peer of the unix socket. */
  readonly peer?: { readonly pid: number; readonly started: string; readonly uid: number }
  /** An instance that a registered enforcer has authenticated itself and vouches for; set by the decision API alone. */
  readonly vouched?: {
    readonly enforcer: string
    readonly instance: string
    /** Where it was named by its SPIFFE ID: the whole of it has to be its own. */
    readonly spiffeId?: string
  }
  /** Id of the task that the request names; absent: it names none. */
  readonly task?: string
  /** URL of the resource that is asked for (RFC 8707): a token has to be meant for it. */
  readonly resource: string
  /** Other URLs of ours for the very same resource: a token for one of them is for it as well. */
  readonly aliases?: readonly string[]
}

/** Why a credential is worth nothing; `error` is the OAuth code for the challenge (RFC 6750 §3.1, RFC 9449 §7.1). */
export interface Unauthenticated {
  readonly refused: true
  /** Stable code of ours. */
  readonly code: string
  /** One sentence, lower case; says nothing that helps somebody without a key. */
  readonly detail: string
  readonly error?: 'invalid_token' | 'invalid_dpop_proof' | 'insufficient_scope' | 'use_dpop_nonce'
  /** Who it is, where the credential is good and only the task that the request names is not: such a refusal is recorded. */
  readonly of?: Actor
}
