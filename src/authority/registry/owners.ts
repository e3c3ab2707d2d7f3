// Holds who can own an agent: a person who is here, or a team one of whose members is.

import { fault } from './faults.ts'
import type { People } from './people.ts'
import { teamOf, type Teams } from './teams.ts'

/** What an owner needs of the rest of the registry. */
export interface OwnerPorts {
  readonly people: Pick<People, 'get' | 'find' | 'known'>
  readonly teams: Pick<Teams, 'get' | 'find' | 'isHere'>
}

/** Resolves owners, and says whether they still are any. */
export class Owners {
  readonly #people: OwnerPorts['people']
  readonly #teams: OwnerPorts['teams']

  constructor({ people, teams }: OwnerPorts) {
    this.#people = people
    this.#teams = teams
  }

  /** The owner as rows hold it, of a person (id or name) or `team:<name>`. Throws `person.unknown`, `team.unknown`, or `agent.unowned` for one who left. */
  idOf(owner: string): string {
    const team = teamOf(owner)
    const id =
      team === undefined ? this.#people.find(owner).id : `team:${this.#teams.find(team).name}`
    if (!this.holds(id)) throw fault('agent.unowned', 'that owner is not here any more')
    return id
  }

  /** True while somebody is behind the owner of an agent. Asked at every call, answered from memory. */
  holds(owner: string): boolean {
    const team = teamOf(owner)
    return team === undefined ? this.#people.get(owner) !== undefined : this.#teams.isHere(team)
  }

  /** True where everybody behind it is known to have left: a row that cannot be read is no such knowledge. */
  left(owner: string): boolean {
    const team = teamOf(owner)
    const members = team === undefined ? [owner] : this.#teams.get(team)?.members
    return members?.every((id) => this.#people.known(id)?.state === 'left') ?? false
  }
}
