// Holds the row of a person.

import type { TableShape } from '../table.ts'

/** The public half of a key by which a person's own programs prove who they act for. */
export interface PersonCredential {
  /** SHA-256 of the public key, base64url. */
  readonly kid: string
  /** Ed25519, SubjectPublicKeyInfo in DER, base64url. */
  readonly publicKey: string
  /** ms since the epoch. */
  readonly createdAt: number
}

/** A passkey of a person (WebAuthn): kept for the control listener's host, never for anything else. */
export interface Passkey {
  /** Credential id, base64url. */
  readonly id: string
  /** COSE key, base64url. */
  readonly publicKey: string
  /** Signature counter as last seen; 0 for authenticators that keep none. */
  readonly counter: number
  readonly transports: readonly string[]
  /** ms since the epoch. */
  readonly createdAt: number
}

/** Who a person is at an identity provider, and what it said of them at the last login. */
export interface ExternalIdentity {
  /** Name of the trust source. */
  readonly source: string
  /** Issuer and `sub` there, with a space in between: the name of a source may be given to another issuer later. */
  readonly subject: string
  /** Roles that its groups gave at the last login, sorted. */
  readonly roles: readonly string[]
  /** Since when each of them has been given, without a login between that did not, ms since the epoch. Absent: since before that was kept. */
  readonly since?: Readonly<Record<string, number>>
  /** When the groups were last heard of, ms since the epoch; they hold as long as the source says. */
  readonly heardAt: number
}

/** A human who operates, owns, approves, or on whose behalf an agent acts. */
export interface Person {
  /** `per_` and a UUIDv7: what records name, since it says nothing about the human. */
  readonly id: string
  /** A name (`isName`), unique; what the CLI takes and shows. */
  readonly name: string
  /** Role names, sorted. */
  readonly roles: readonly string[]
  /** Since when they hold each role, ms since the epoch; one that is not here they held before that was kept, or from the home's beginning. */
  readonly roleSince?: Readonly<Record<string, number>>
  readonly credentials: readonly PersonCredential[]
  /** Absent: none. */
  readonly passkeys?: readonly Passkey[]
  /** Absent: local only. */
  readonly external?: readonly ExternalIdentity[]
  /** `left` people do nothing, own nothing and are nobody's user. Absent: `active`. */
  readonly state?: 'active' | 'left'
  /** ms since the epoch. */
  readonly createdAt: number
}

/** Table `people`. */
export const PEOPLE: TableShape<Person> = {
  table: 'people',
  id: (person) => person.id,
  columns: (person) => ({ name: person.name }),
  roll: 'all',
}
