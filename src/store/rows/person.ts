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

/** A human who operates, owns, approves, or on whose behalf an agent acts. */
export interface Person {
  /** `per_` and a UUIDv7: what records name, since it says nothing about the human. */
  readonly id: string
  /** A name (`isName`), unique; what the CLI takes and shows. */
  readonly name: string
  /** Role names, sorted. */
  readonly roles: readonly string[]
  readonly credentials: readonly PersonCredential[]
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
