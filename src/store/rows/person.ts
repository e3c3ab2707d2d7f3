// Holds the row of a person.

import type { TableShape } from '../table.ts'

/** A human who operates, owns, approves, or on whose behalf an agent acts. */
export interface Person {
  /** `per_` and a UUIDv7: what records name, since it says nothing about the human. */
  readonly id: string
  /** A name (`isName`), unique; what the CLI takes and shows. */
  readonly name: string
  /** Role names, sorted. */
  readonly roles: readonly string[]
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
