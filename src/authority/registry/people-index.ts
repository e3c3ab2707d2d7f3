// Holds how people are found: by id, name, key, passkey, and by who they are elsewhere.

import { isName } from '../../std/id.ts'
import type { Person } from '../../store/rows/person.ts'
import type { Held } from '../../store/signed-table.ts'

/** The rows of people in memory, by everything that names one of them. */
export class PeopleIndex {
  readonly #byId = new Map<string, Held<Person>>()
  readonly #byName = new Map<string, string>()
  readonly #byKey = new Map<string, string>()
  readonly #byPasskey = new Map<string, string>()
  readonly #byExternal = new Map<string, string>()
  /** Ids of people who are leaving: the row comes after. */
  readonly #shut = new Set<string>()

  byId(id: string): Held<Person> | undefined {
    return this.#byId.get(id)
  }

  byName(name: string): Held<Person> | undefined {
    return this.#of(this.#byName.get(name))
  }

  byKey(kid: string): Held<Person> | undefined {
    return this.#of(this.#byKey.get(kid))
  }

  byPasskey(id: string): Held<Person> | undefined {
    return this.#of(this.#byPasskey.get(id))
  }

  byExternal(source: string, subject: string): Held<Person> | undefined {
    return this.#of(this.#byExternal.get(`${source}\n${subject}`))
  }

  /** Every row, by name. */
  list(): readonly Person[] {
    return [...this.#byId.values()].map(({ doc }) => doc).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Shows a row in place of the one before. */
  show(held: Held<Person>): void {
    const before = this.#byId.get(held.doc.id)?.doc
    if (before !== undefined) {
      for (const [map, name] of this.#names(before)) map.delete(name)
    }
    this.#byId.set(held.doc.id, held)
    for (const [map, name] of this.#names(held.doc)) map.set(name, held.doc.id)
  }

  /** Makes somebody nobody before their row says so. */
  shut(id: string): void {
    this.#shut.add(id)
  }

  isShut(id: string): boolean {
    return this.#shut.has(id)
  }

  /** A name made of a stranger's word that nobody has: what does not fit is left out, a number ends what is taken. */
  freeName(wanted: string): string {
    const base = wanted
      .slice(0, 256)
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .slice(0, 48)
      .replaceAll(/^-+|-+$/g, '')
    const name = isName(base) ? base : 'person'
    for (let count = 1; ; count++) {
      const candidate = count === 1 ? name : `${name}-${count}`
      if (!this.#byName.has(candidate)) return candidate
    }
  }

  #of(id: string | undefined): Held<Person> | undefined {
    return id === undefined ? undefined : this.#byId.get(id)
  }

  #names(person: Person): readonly (readonly [Map<string, string>, string])[] {
    return [
      [this.#byName, person.name],
      ...person.credentials.map(({ kid }) => [this.#byKey, kid] as const),
      ...(person.passkeys ?? []).map(({ id }) => [this.#byPasskey, id] as const),
      ...(person.external ?? []).map(
        ({ source, subject }) => [this.#byExternal, `${source}\n${subject}`] as const,
      ),
    ]
  }
}
