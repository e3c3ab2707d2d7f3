// Holds the teams: people who answer for agents together.

import type { Team } from '../../store/rows/team.ts'
import type { Held } from '../../store/signed-table.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import { Turns } from '../turns.ts'
import { fault } from './faults.ts'
import { checkName, unknownName } from './name.ts'
import type { People } from './people.ts'

const PREFIX = 'team:'
/** People of one team at most. */
const MOST_MEMBERS = 256

/** The team's name, of an owner that is one. */
export function teamOf(owner: string): string | undefined {
  return owner.startsWith(PREFIX) ? owner.slice(PREFIX.length) : undefined
}

/** People as teams see them: `get` knows those who are here, `known` those who left as well. */
type Members = Pick<People, 'get' | 'find' | 'known'>

/** The teams. Reading is synchronous, from memory. */
export class Teams {
  readonly #ports: AuthorityPorts
  readonly #people: Members
  readonly #turns = new Turns()
  readonly #held = new Map<string, Held<Team>>()
  readonly #listeners = new Set<(team: Team) => void>()

  private constructor(ports: AuthorityPorts, people: Members) {
    this.#ports = ports
    this.#people = people
  }

  /** Reads every team whose row verifies. */
  static async load(ports: AuthorityPorts, people: Members): Promise<Teams> {
    const teams = new Teams(ports, people)
    for (const held of await ports.store.teams.all()) teams.#held.set(held.doc.name, held)
    return teams
  }

  get(name: string): Team | undefined {
    return this.#held.get(name)?.doc
  }

  /** The team of a name; throws `team.unknown` with what may have been meant. */
  find(name: string): Team {
    return this.#find(name).doc
  }

  /** All teams, by name. */
  list(): readonly Team[] {
    return [...this.#held.values()].map(({ doc }) => doc).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** True while one member has not left. */
  isHere(name: string): boolean {
    const members = this.#held.get(name)?.doc.members ?? []
    return members.some((id) => this.#people.get(id) !== undefined)
  }

  /** Names of the teams that a person belongs to, sorted. */
  of(person: string): readonly string[] {
    return this.list()
      .filter(({ members }) => members.includes(person))
      .map(({ name }) => name)
  }

  /** Calls back synchronously after a change is in force. Returns the way to stop listening. */
  onChange(listener: (team: Team) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Makes a team. Members are ids or names of people; one at least is here. */
  create(
    team: { readonly name: string; readonly members: readonly string[] },
    by: { readonly person: string; readonly reason: string },
  ): Promise<Team> {
    return this.#turns.run(async () => {
      checkName('a team', team.name)
      const reason = checkedReason(by.reason)
      if (this.#held.has(team.name)) {
        throw fault('team.exists', `a team \`${team.name}\` is there already`)
      }
      const members = this.#members(team.members.map((one) => this.#people.find(one).id))
      const createdAt = this.#ports.clock.now()
      const since = Object.fromEntries(members.map((id) => [id, createdAt]))
      const doc: Team = { name: team.name, members, since, createdAt }
      const receipt = await this.#append('team.created', doc, by.person, reason)
      this.#show(await this.#ports.store.teams.insert(doc, receipt))
      return doc
    })
  }

  /** Puts people in and takes people out; who is named in both is out. */
  change(
    name: string,
    change: { readonly add: readonly string[]; readonly remove: readonly string[] },
    by: { readonly person: string; readonly reason: string },
  ): Promise<Team> {
    return this.#turns.run(async () => {
      const held = this.#find(name)
      const reason = checkedReason(by.reason)
      const members = this.changed(name, change)
      const doc: Team = { ...held.doc, members, since: this.#since(held.doc, members) }
      const receipt = await this.#append('team.changed', doc, by.person, reason)
      this.#show(await this.#ports.store.teams.replace(held, doc, receipt))
      return doc
    })
  }

  /** Who is in it already keeps their time, or their being from before times were kept. */
  #since({ members: before, since }: Team, members: readonly string[]): Record<string, number> {
    const now = this.#ports.clock.now()
    const entries = members.flatMap((id): [string, number][] => {
      if (!before.includes(id)) return [[id, now]]
      const at = since?.[id]
      return at === undefined ? [] : [[id, at]]
    })
    return Object.fromEntries(entries)
  }

  /** Members by ids or names, as a team of them would have them. Throws `team.members`, `person.unknown`. */
  resolved(members: readonly string[]): readonly string[] {
    return this.#members(members.map((one) => this.#people.find(one).id))
  }

  /** Who would be in a team after a change. Throws as the change would. */
  changed(
    name: string,
    change: { readonly add: readonly string[]; readonly remove: readonly string[] },
  ): readonly string[] {
    const { doc } = this.#find(name)
    const added = change.add.map((one) => this.#people.find(one).id)
    const removed = new Set(change.remove.map((one) => this.#member(doc, one)))
    return this.#members([...doc.members, ...added].filter((id) => !removed.has(id)))
  }

  /** Since when a person (an id) is in a team (ms since the epoch); 0 where that was before it was kept. */
  since(name: string, person: string): number {
    return this.get(name)?.since?.[person] ?? 0
  }

  /** The id of a member by id or name, who may have left; else of anybody, whose removal then changes nothing. */
  #member(team: Team, idOrName: string): string {
    const named = (id: string) => id === idOrName || this.#people.known(id)?.name === idOrName
    return team.members.find(named) ?? this.#people.find(idOrName).id
  }

  #members(ids: readonly string[]): readonly string[] {
    const members = [...new Set(ids)].sort()
    if (members.length > MOST_MEMBERS) throw fault('team.members', 'these are too many members')
    if (!members.some((id) => this.#people.get(id) !== undefined)) {
      throw fault('team.members', 'nobody who is here would be left in the team')
    }
    return members
  }

  #find(name: string): Held<Team> {
    const held = this.#held.get(name)
    if (held === undefined) {
      throw fault('team.unknown', `the team ${unknownName(name, this.#held.keys())}`)
    }
    return held
  }

  #append(type: string, { name, members }: Team, person: string, reason: string) {
    const body = { team: name, members: [...members], reason }
    return this.#ports.audit.append({ type, phase: 'admin', person, body })
  }

  #show(held: Held<Team>): void {
    this.#held.set(held.doc.name, held)
    for (const listener of this.#listeners) listener(held.doc)
  }
}
