// Holds the row of a team: people who answer for agents together.

import type { TableShape } from '../table.ts'

/** A team. An agent whose owner is a team has an owner as long as one member is active. */
export interface Team {
  /** A name (`isName`), unique: the id. */
  readonly name: string
  /** Person ids, sorted. */
  readonly members: readonly string[]
  /** Since when each is in it, ms since the epoch; one who is not here was before that was kept. */
  readonly since?: Readonly<Record<string, number>>
  /** ms since the epoch. */
  readonly createdAt: number
}

/** Table `teams`. */
export const TEAMS: TableShape<Team> = {
  table: 'teams',
  id: (team) => team.name,
  columns: () => ({}),
  roll: 'all',
}
