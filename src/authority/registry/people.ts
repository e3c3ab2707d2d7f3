// Holds the people: who operates, owns, approves, and on whose behalf agents act.

import { createPublicKey } from 'node:crypto'
import { base64url, fromBase64url, sha256 } from '../../std/bytes.ts'
import { faults } from '../../std/fault.ts'
import { uuidv7 } from '../../std/id.ts'
import type { Person, PersonCredential } from '../../store/rows/person.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import type { AuthorityPorts } from '../ports.ts'
import { Turns } from '../turns.ts'
import { checkName, checkedRoles, unknownName } from './name.ts'

const fault = faults(AUTHORITY_FAULTS)

/** The registered people. Reading is synchronous, from memory. */
export class People {
  readonly #ports: AuthorityPorts
  readonly #turns = new Turns()
  readonly #byId = new Map<string, Person>()
  readonly #byName = new Map<string, Person>()
  readonly #byKey = new Map<string, Person>()

  private constructor(ports: AuthorityPorts) {
    this.#ports = ports
  }

  /** Reads everyone whose row verifies. */
  static async load(ports: AuthorityPorts): Promise<People> {
    const people = new People(ports)
    for (const { doc } of await ports.store.people.all()) people.#show(doc)
    return people
  }

  get(id: string): Person | undefined {
    return this.#byId.get(id)
  }

  /** The person of an id or a name; throws `person.unknown` with what may have been meant. */
  find(idOrName: string): Person {
    const person = this.#byId.get(idOrName) ?? this.#byName.get(idOrName)
    if (person === undefined) {
      throw fault('person.unknown', `the person ${unknownName(idOrName, this.#byName.keys())}`)
    }
    return person
  }

  /** The person whose credential this is; undefined for a key that nobody has. */
  byCredential(kid: string): Person | undefined {
    return this.#byKey.get(kid)
  }

  /** Everyone, by name. */
  list(): readonly Person[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
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
    },
    by?: string,
  ): Promise<Person> {
    return this.#turns.run(async () => {
      checkName('a person', person.name)
      const roles = checkedRoles(person.roles)
      if (this.#byName.has(person.name)) {
        throw fault('person.exists', `a person \`${person.name}\` is there already`)
      }
      const { clock, entropy, audit, store } = this.#ports
      const id = `per_${uuidv7(clock, entropy)}`
      const createdAt = clock.now()
      const credentials =
        person.publicKey === undefined ? [] : [credential(person.publicKey, createdAt)]
      if (credentials.some(({ kid }) => this.#byKey.has(kid))) {
        throw fault('person.exists', 'this key belongs to a person already')
      }
      const doc: Person = { id, name: person.name, roles, credentials, createdAt }
      const receipt = await audit.append({
        type: 'person.created',
        phase: 'admin',
        person: by ?? id,
        body: { created: id, roles: [...roles], credentials: credentials.map(({ kid }) => kid) },
      })
      await store.people.insert(doc, receipt)
      this.#show(doc)
      return doc
    })
  }

  #show(person: Person): void {
    this.#byId.set(person.id, person)
    this.#byName.set(person.name, person)
    for (const { kid } of person.credentials) this.#byKey.set(kid, person)
  }
}

/** A credential of a public key, which has to be one of Ed25519. */
function credential(publicKey: string, createdAt: number): PersonCredential {
  const der = fromBase64url(publicKey)
  if (der === undefined || !isEd25519(der)) {
    throw fault('person.key', 'the public key is no Ed25519 key in SubjectPublicKeyInfo')
  }
  return { kid: base64url(sha256(der)), publicKey, createdAt }
}

function isEd25519(der: Uint8Array): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
    return key.asymmetricKeyType === 'ed25519'
  } catch {
    return false
  }
}
