// Holds the row of a trust source: whose word counts, and for what.

import type { TableShape } from '../table.ts'

/** Whose evidence attests workloads, or whose logins are people. */
export interface TrustSource {
  /** A name (`isName`), unique: the id. */
  readonly name: string
  /** `attest-oidc`: tokens of workloads. `attest-x509`: certificates of a fleet. `login`: people sign in there. `signals`: it says whose sessions it revoked. */
  readonly kind: 'attest-oidc' | 'attest-x509' | 'login' | 'signals'
  /** Issuer identifier (OpenID Connect); empty for `attest-x509`. */
  readonly issuer: string
  /** Audience that workload tokens must have, or the client id of ours at the provider. */
  readonly audience: string
  /** PEM of the certificate authorities: those of the fleet, or those of an `attest-oidc` issuer's own server where it has no public ones. */
  readonly certificates?: string
  /** Sealed client secret, base64url; `login` only, and only where the provider needs one. */
  readonly sealedSecret?: string
  /** `signals`: name of the source of logins whose people it speaks of. */
  readonly login?: string
  /** `login`: which group gives which roles. */
  readonly groupRoles?: Readonly<Record<string, readonly string[]>>
  /** `login`: the claim that lists groups. */
  readonly groupsClaim?: string
  /** `login`: how long groups hold after a login (ms); then denied until the next one. */
  readonly groupsMaxAgeMs?: number
  readonly state: 'active' | 'removed'
  /** ms since the epoch. */
  readonly createdAt: number
}

/** Table `trust_sources`. */
export const TRUST_SOURCES: TableShape<TrustSource> = {
  table: 'trust_sources',
  id: (source) => source.name,
  columns: (source) => ({ kind: source.kind, state: source.state }),
  roll: 'all',
}
