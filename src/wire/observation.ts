// Holds observations: what the surfaces see of credentials in use, for detectors to judge. Never a secret.

/** Where a credential was used from: an address, or a local process. Evidence for detectors, never for authorisation (INV-8). */
export type Place = string

interface Seen {
  /** ms since the epoch. */
  readonly at: number
  readonly instance: string
  readonly agent: string
  readonly place: Place
}

/** One thing that was seen. History: v1, v2 breaker-tripped. */
export type Observation =
  /** A credential was accepted: its id as in `Actor.credential`. */
  | (Seen & { readonly kind: 'credential-used'; readonly credential: string })
  /** An instance got a certificate or a token by one that it had. */
  | (Seen & { readonly kind: 'renewed' })
  /** An instance was enrolled by fresh evidence. */
  | (Seen & { readonly kind: 'enrolled' })
  /** A DPoP proof that was good came a second time. */
  | (Seen & { readonly kind: 'dpop-replayed' })
  /** A refresh token that had been used came a second time. */
  | (Seen & { readonly kind: 'refresh-reused' })
  /** A join token that had been used came a second time; the instance is the first that used it. */
  | (Seen & { readonly kind: 'join-token-reused' })
  /** Calls of a lineage were refused, failed, or were the same, more often within a minute than they may be; `place` is empty. */
  | (Seen & {
      readonly kind: 'breaker-tripped'
      readonly what: 'denials' | 'errors' | 'identical'
      readonly count: number
      readonly most: number
    })

/** Takes observations. Never throws, never waits. */
export type Observe = (observation: Observation) => void
