// Holds the time that lies between getting a say and having it: who newly has a role, or is newly in a team, decides by neither yet.

import type { People } from '../registry/people.ts'
import type { Teams } from '../registry/teams.ts'
import type { Person } from '../../store/rows/person.ts'
import type { Approver } from './verdict.ts'

/** Where it is looked up since when somebody has a say. */
export interface SinceParts {
  readonly people: Pick<People, 'since'>
  readonly teams: Pick<Teams, 'of' | 'since'>
  /** How long it takes (ms); 0: no time. */
  readonly approverMs: number
}

/** A person as gates see them now: with the roles and teams that they have had for long enough, and beside them all that they will have. */
export function approverNow(
  person: Person,
  { people, teams, approverMs }: SinceParts,
  now: number,
): Approver {
  const all = { person, teams: teams.of(person.id) }
  if (approverMs === 0) return all
  const fresh: number[] = []
  const isSettled = (since: number): boolean => {
    // A time that is yet to come is of a clock that went back: it settles nothing.
    const settled = since === 0 || now - since >= approverMs
    if (!settled) fresh.push(since)
    return settled
  }
  const roles = person.roles.filter((role) => isSettled(people.since(person.id, role)))
  const settled = all.teams.filter((team) => isSettled(teams.since(team, person.id)))
  if (fresh.length === 0) return all
  return {
    person: { ...person, roles },
    teams: settled,
    soon: { ...all, from: Math.max(...fresh) + approverMs },
  }
}
