// Holds the people: who operates, owns, approves, and on whose behalf agents act.

import { faults } from '../../std/fault.ts'
import { uuidv7 } from '../../std/id.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Subjects } from '../../audit/side/subjects.ts'
import type { Passkey, Person } from '../../store/rows/person.ts'
import type { Held } from '../../store/signed-table.ts'
import type { Receipt } from '../../wire/record.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import { Turns } from '../turns.ts'
import { checkName, checkedRoles, unknownName } from './name.ts'
import { PeopleIndex } from './people-index.ts'
import { personKey } from './person-key.ts'
import { roleSince, rolesOf, sinceOf, withHeard, type LoginGroupsOf } from './person-roles.ts'

const fault = faults(AUTHORITY_FAULTS)

/** Keys, passkeys and identities elsewhere that one person may have of each kind. */
const MOST = 16

/** Who changes a person, and why. */
export interface PersonWord {
  /** Id of the person who does it. */
  readonly person: string
  readonly reason: string
}

/** What an identity provider said of somebody who signed in there. */
export interface HeardOf {
  /** Name of the trust source. */
  readonly source: string
  /** Issuer and `sub` there: a source of the same name at another issuer knows nobody of the one before. */
  readonly subject: string
  /** What the person may be called; made into a name that is free. */
  readonly name: string
  /** Roles that their groups give. */
  readonly roles: readonly string[]
}

/** The registered people. Reading is synchronous, from memory; whoever has left is found by `known` alone. */
export class People {
  readonly #ports: AuthorityPorts
  readonly #subjects: Subjects
  readonly #turns = new Turns()
  readonly #index = new PeopleIndex()
  readonly #listeners = new Set<(person: Person) => void>()
  #sources: LoginGroupsOf = () => undefined

  private constructor(ports: AuthorityPorts, subjects: Subjects) {
    this.#ports = ports
    this.#subjects = subjects
  }

  /** Reads everyone whose row verifies, and gives each who has none a key for what is kept of them. */
  static async load(ports: AuthorityPorts, subjects: Subjects): Promise<People> {
    const people = new People(ports, subjects)
    for (const held of await ports.store.people.all()) {
      people.#index.show(held)
      const { leaf } = held
      await subjects.begin(held.doc.id, () => Promise.resolve({ id: '', leaf, ts: '' }))
    }
    return people
  }

  /** Says where sources of logins are looked up. Until then no group gives anybody a role. */
  heed(sources: LoginGroupsOf): void {
    this.#sources = sources
  }

  /** The person of an id, with the roles that they have now; undefined for who has left. */
  get(id: string): Person | undefined {
    return this.#now(this.#index.byId(id)?.doc)
  }

  /** The person of an id as their row says, also where they have left: for names in what is past, never for authority. */
  known(id: string): Person | undefined {
    return this.#index.byId(id)?.doc
  }

  /** The person of an id or a name; throws `person.unknown` with what may have been meant, or `person.left`. */
  find(idOrName: string): Person {
    const { doc } = this.#find(idOrName)
    const person = this.#now(doc)
    if (person === undefined) throw fault('person.left', `\`${doc.name}\` has left`)
    return person
  }

  /** The person whose credential this is; undefined for a key that nobody has. */
  byCredential(kid: string): Person | undefined {
    return this.#now(this.#index.byKey(kid)?.doc)
  }

  /** The person whose passkey this is, by its credential id. */
  byPasskey(id: string): Person | undefined {
    return this.#now(this.#index.byPasskey(id)?.doc)
  }

  /** Everyone, by name, those who left among them, each with the roles that they have now. */
  list(): readonly Person[] {
    return this.#index.list().map((doc) => this.#now(doc) ?? { ...doc, roles: [] })
  }

  /** Calls back synchronously once a change is in force, with the person as they are then. Returns the way to stop listening. */
  onChange(listener: (person: Person) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Creates a person. `by` is the person who does it; absent only for the first operator, whom the server makes.
   * The record names no one but ids: names are personal data.
   */
  create(
    person: {
      readonly name: string
      readonly roles: readonly string[]
      /** Ed25519, SubjectPublicKeyInfo in DER, base64url. */
      readonly publicKey?: string
      /** The id that was set aside for them; absent: a new one. */
      readonly id?: string
    },
    by?: string,
  ): Promise<Person> {
    return this.#turns.run(async () => {
      checkName('a person', person.name)
      const roles = checkedRoles(person.roles)
      if (this.#index.byName(person.name) !== undefined) {
        throw fault('person.exists', `a person \`${person.name}\` is there already`)
      }
      const createdAt = this.#ports.clock.now()
      const credentials =
        person.publicKey === undefined ? [] : [personKey(person.publicKey, createdAt)]
      for (const { kid } of credentials) this.#checkFree(kid)
      const { id = this.newId(), name } = person
      // Whom the server itself makes holds their roles from the beginning of the home.
      const since = by === undefined ? {} : sinceOf(undefined, [], roles, createdAt)
      return this.#insert({ id, name, roles, ...since, credentials, createdAt }, by ?? id)
    })
  }

  /** An id for somebody who is to be created. */
  newId(): string {
    const { clock, entropy } = this.#ports
    return `per_${uuidv7(clock, entropy)}`
  }

  /** Since when a person (an id) holds a role that they hold now (ms since the epoch); 0 where that was before it was kept. */
  since(id: string, role: string): number {
    const doc = this.#index.byId(id)?.doc
    return doc === undefined
      ? Infinity
      : roleSince(doc, role, this.#ports.clock.now(), this.#sources)
  }

  /** Sets the roles that are given here; those of groups are their source's to give. */
  change(
    idOrName: string,
    { roles: wanted }: { readonly roles: readonly string[] },
    { person, reason }: PersonWord,
  ): Promise<Person> {
    return this.#turns.run(async () => {
      const held = this.#present(idOrName)
      const why = checkedReason(reason)
      const roles = checkedRoles(wanted)
      const { roleSince: before, ...rest } = held.doc
      const since = sinceOf(before, rest.roles, roles, this.#ports.clock.now())
      const doc = { ...rest, roles, ...since }
      this.#keepAdministrator(held.doc, doc)
      const body = { changed: doc.id, roles: [...doc.roles], reason: why }
      return this.#replace(held, doc, { type: 'person.changed', person, body })
    })
  }

  /**
   * A person leaves: from the first moment on they are nobody, whatever they still hold. Rejects with what kept it from being
   * recorded; then they are gone until the next start, and saying it again tries the rest again.
   */
  leave(idOrName: string, { person, reason }: PersonWord): Promise<Person> {
    const held = this.#find(idOrName)
    const why = checkedReason(reason)
    if (held.doc.state === 'left') {
      throw fault('person.left', `\`${held.doc.name}\` has left already`)
    }
    this.#keepAdministrator(held.doc, { ...held.doc, state: 'left' })
    const { id } = held.doc
    this.#index.shut(id)
    this.#tell({ ...held.doc, state: 'left', roles: [] })
    return this.#turns.run(async () => {
      const now = this.#find(id)
      if (now.doc.state === 'left') return now.doc
      // Keys and passkeys go too: what is gone cannot be put back by undoing one word of a row.
      const { passkeys: _passkeys, roleSince: _since, external, ...rest } = now.doc
      const doc: Person = {
        ...rest,
        roles: [],
        credentials: [],
        // Kept, so that a login there finds somebody who has left and makes nobody new.
        ...(external !== undefined && { external: external.map((one) => ({ ...one, roles: [] })) }),
        state: 'left',
      }
      const body = { left: id, reason: why }
      return this.#replace(now, doc, { type: 'person.left', person, body })
    })
  }

  /**
   * Takes from the row of somebody who has left what says who they were. The id stays, so that the record still says that it was one
   * and the same; who that was, nobody can look up any more. Saying it again changes nothing.
   */
  strip(id: string, receipt: Receipt): Promise<void> {
    return this.#turns.run(async () => {
      const held = this.#find(id)
      const { external: _external, ...rest } = held.doc
      const doc: Person = { ...rest, name: `erased-${id.slice(-12)}` }
      if (held.doc.state !== 'left' || doc.name === held.doc.name) return
      this.#show(await this.#ports.store.people.replace(held, doc, receipt))
    })
  }

  /** Gives a person another key (Ed25519, SubjectPublicKeyInfo in DER, base64url). `by` is the id of who does it. */
  addKey(idOrName: string, publicKey: string, by: string): Promise<Person> {
    return this.#turns.run(async () => {
      const held = this.#present(idOrName)
      const key = personKey(publicKey, this.#ports.clock.now())
      this.#checkFree(key.kid)
      const credentials = [...this.#room(held.doc.credentials), key]
      const body = { changed: held.doc.id, key: key.kid }
      return this.#replace(
        held,
        { ...held.doc, credentials },
        { type: 'person.key_added', person: by, body },
      )
    })
  }

  /** Takes a key from a person. */
  removeKey(idOrName: string, kid: string, { person, reason }: PersonWord): Promise<Person> {
    return this.#turns.run(async () => {
      const held = this.#present(idOrName)
      const why = checkedReason(reason)
      const credentials = held.doc.credentials.filter((one) => one.kid !== kid)
      if (credentials.length === held.doc.credentials.length) {
        throw fault('person.no_key', 'the person has no such key')
      }
      const doc = { ...held.doc, credentials }
      this.#keepAdministrator(held.doc, doc)
      const body = { changed: doc.id, key: kid, reason: why }
      return this.#replace(held, doc, { type: 'person.key_removed', person, body })
    })
  }

  /** Gives a person a passkey that has been verified. Only they themselves can. */
  addPasskey(id: string, passkey: Passkey): Promise<Person> {
    return this.#turns.run(async () => {
      const held = this.#present(id)
      if (this.#index.byPasskey(passkey.id) !== undefined) {
        throw fault('person.exists', 'this passkey belongs to a person already')
      }
      const passkeys = [...this.#room(held.doc.passkeys ?? []), passkey]
      const body = { changed: id, passkey: passkey.id }
      return this.#replace(
        held,
        { ...held.doc, passkeys },
        { type: 'person.passkey_added', person: id, body },
      )
    })
  }

  /** Takes a passkey from a person. */
  removePasskey(idOrName: string, passkey: string, word: PersonWord): Promise<Person> {
    return this.#turns.run(async () => {
      const held = this.#present(idOrName)
      const why = checkedReason(word.reason)
      const before = held.doc.passkeys ?? []
      const passkeys = before.filter(({ id }) => id !== passkey)
      if (passkeys.length === before.length) {
        throw fault('person.no_key', 'the person has no such passkey')
      }
      const doc = { ...held.doc, passkeys }
      this.#keepAdministrator(held.doc, doc)
      const body = { changed: doc.id, passkey, reason: why }
      return this.#replace(held, doc, {
        type: 'person.passkey_removed',
        person: word.person,
        body,
      })
    })
  }

  /**
   * Takes down that a passkey was used with this counter. Throws `person.counter` where it does not go up (WebAuthn §6.1.1):
   * then there may be two of it. Checked within the turn, so that of two uses of a copy one is refused.
   */
  usePasskey(id: string, passkey: string, counter: number): Promise<Person> {
    return this.#turns.run(async () => {
      const held = this.#present(id)
      const passkeys = held.doc.passkeys ?? []
      const used = passkeys.find((one) => one.id === passkey)
      if (used === undefined) throw fault('person.no_key', 'the person has no such passkey')
      if (counter === 0 && used.counter === 0) return this.get(id) ?? held.doc
      if (counter <= used.counter) {
        throw fault('person.counter', 'the counter of this passkey went back: there may be a copy')
      }
      const doc = {
        ...held.doc,
        passkeys: passkeys.map((one) => (one.id === passkey ? { ...one, counter } : one)),
      }
      const body = { changed: id, passkey, counter }
      return this.#replace(held, doc, { type: 'person.passkey_used', person: id, body })
    })
  }

  /** Who signs in by a source of logins under this issuer and `sub`, while they are here. */
  external(source: string, subject: string): Person | undefined {
    const doc = this.#index.byExternal(source, subject)?.doc
    return doc === undefined ? undefined : this.get(doc.id)
  }

  /**
   * Takes down what an identity provider says of somebody who has just signed in there, and answers with the person. Somebody
   * new is created only where a group gives them a role: throws `person.no_role` otherwise, `person.left` for who has left.
   */
  heard({ source, subject, name, roles: given }: HeardOf): Promise<Person> {
    return this.#turns.run(() => {
      const roles = checkedRoles(given)
      const heardAt = this.#ports.clock.now()
      const said = { source, subject, roles, heardAt }
      const held = this.#index.byExternal(source, subject)
      if (held === undefined) {
        if (roles.length === 0)
          throw fault('person.no_role', 'no group of theirs gives a role here')
        const id = this.newId()
        const doc: Person = {
          id,
          name: this.#index.freeName(name),
          roles: [],
          credentials: [],
          external: withHeard([], said),
          createdAt: heardAt,
        }
        return this.#insert(doc, id, { source, group_roles: [...roles] })
      }
      const { doc: before } = this.#present(held.doc.id)
      const body = { changed: before.id, source, group_roles: [...roles] }
      const doc = { ...before, external: withHeard(before.external ?? [], said) }
      return this.#replace(held, doc, { type: 'person.heard', person: before.id, body })
    })
  }

  /** A row with the roles that hold now; undefined for nobody, and for who has left or is leaving. */
  #now(doc: Person | undefined): Person | undefined {
    if (doc === undefined || doc.state === 'left' || this.#index.isShut(doc.id)) return undefined
    if (doc.external === undefined) return doc
    return { ...doc, roles: rolesOf(doc, this.#ports.clock.now(), this.#sources) }
  }

  #find(idOrName: string): Held<Person> {
    const held = this.#index.byId(idOrName) ?? this.#index.byName(idOrName)
    if (held !== undefined) return held
    const names = this.#index.list().map(({ name }) => name)
    throw fault('person.unknown', `the person ${unknownName(idOrName, names)}`)
  }

  /** The row of somebody who is here. */
  #present(idOrName: string): Held<Person> {
    const held = this.#find(idOrName)
    if (this.#now(held.doc) !== undefined) return held
    throw fault('person.left', `\`${held.doc.name}\` has left`)
  }

  #checkFree(kid: string): void {
    if (this.#index.byKey(kid) !== undefined) {
      throw fault('person.exists', 'this key belongs to a person already')
    }
  }

  #room<T>(held: readonly T[]): readonly T[] {
    if (held.length < MOST) return held
    throw fault('person.keys', `a person has at most ${MOST} of them`)
  }

  /** Throws `person.last_administrator` for a change after which nobody could administer: no way back in would be left. */
  #keepAdministrator(before: Person, after: Person): void {
    if (!administers(before) || administers(after)) return
    const others = this.#index
      .list()
      .some((doc) => doc.id !== before.id && !this.#index.isShut(doc.id) && administers(doc))
    if (!others) {
      throw fault('person.last_administrator', 'nobody else could administer afterwards')
    }
  }

  async #insert(doc: Person, by: string, more: JsonObject = {}): Promise<Person> {
    const { audit, store } = this.#ports
    const receipt = await audit.append({
      type: 'person.created',
      phase: 'admin',
      person: by,
      body: {
        created: doc.id,
        roles: [...doc.roles],
        credentials: doc.credentials.map(({ kid }) => kid),
        ...more,
      },
    })
    const held = await store.people.insert(doc, receipt)
    await this.#subjects.begin(doc.id, () => Promise.resolve(receipt))
    return this.#show(held)
  }

  async #replace(
    held: Held<Person>,
    doc: Person,
    record: { readonly type: string; readonly person: string; readonly body: JsonObject },
  ): Promise<Person> {
    const { audit, store } = this.#ports
    const receipt = await audit.append({ ...record, phase: 'admin' })
    return this.#show(await store.people.replace(held, doc, receipt))
  }

  #show(held: Held<Person>): Person {
    this.#index.show(held)
    const person = this.#now(held.doc) ?? held.doc
    this.#tell(person)
    return person
  }

  #tell(person: Person): void {
    for (const listener of this.#listeners) listener(person)
  }
}

/** True for somebody who is an administrator by what was given here, and can come in without anybody else's help. */
function administers({ state, roles, credentials, passkeys = [] }: Person): boolean {
  return (
    state !== 'left' && roles.includes('administrator') && credentials.length + passkeys.length > 0
  )
}
