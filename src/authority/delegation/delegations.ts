// Holds the delegations: authority passed from a person to one instance, which only ever narrows (INV-4).

import { faults } from '../../std/fault.ts'
import { uuidv7 } from '../../std/id.ts'
import type { Delegation } from '../../store/rows/delegation.ts'
import type { Held } from '../../store/signed-table.ts'
import type { Receipt } from '../../wire/record.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import type { AuthorityPorts } from '../ports.ts'
import type { Agents } from '../registry/agents.ts'
import type { People } from '../registry/people.ts'
import { Turns } from '../turns.ts'

const fault = faults(AUTHORITY_FAULTS)

/** Delegations that have not expired. Reading is synchronous, from memory. */
export class Delegations {
  readonly #ports: AuthorityPorts
  readonly #people: People
  readonly #agents: Agents
  readonly #turns = new Turns()
  readonly #held = new Map<string, Held<Delegation>>()

  private constructor(ports: AuthorityPorts, people: People, agents: Agents) {
    this.#ports = ports
    this.#people = people
    this.#agents = agents
  }

  /** Reads every delegation that verifies and has not expired. */
  static async load(ports: AuthorityPorts, people: People, agents: Agents): Promise<Delegations> {
    const delegations = new Delegations(ports, people, agents)
    const now = ports.clock.now()
    for (const held of await ports.store.delegations.all()) {
      if (held.doc.expiresAt > now) delegations.#held.set(held.doc.id, held)
    }
    return delegations
  }

  /** The delegation, while it holds. */
  get(id: string): Delegation | undefined {
    const held = this.#held.get(id)
    if (held === undefined) return undefined
    if (held.doc.expiresAt > this.#ports.clock.now()) return held.doc
    this.#held.delete(id)
    return undefined
  }

  /** Delegations that hold now, oldest first. */
  list(): readonly Delegation[] {
    return [...this.#held.keys()].sort().flatMap((id) => this.get(id) ?? [])
  }

  /** Passes a person's authority to an instance of an agent that is still to enrol. */
  create(grant: {
    /** Id or name. */
    readonly person: string
    readonly agent: string
    /** ms since the epoch. */
    readonly expiresAt: number
  }): Promise<Delegation> {
    return this.#turns.run(async () => {
      const person = this.#people.find(grant.person).id
      const agent = this.#agents.find(grant.agent).name
      const { clock, entropy, store } = this.#ports
      const doc: Delegation = {
        id: uuidv7(clock, entropy),
        person,
        agent,
        createdAt: clock.now(),
        expiresAt: grant.expiresAt,
      }
      const receipt = await this.#append('delegation.created', doc)
      this.#held.set(doc.id, await store.delegations.insert(doc, receipt))
      return doc
    })
  }

  /** Binds a delegation to the instance that enrolled with its join token; it never moves to another. */
  bind(id: string, instance: string): Promise<Delegation> {
    return this.#change(id, 'delegation.bound', (doc) => {
      if (doc.instance !== undefined && doc.instance !== instance) {
        throw fault('delegation.bound', `the delegation \`${doc.id}\` serves another instance`)
      }
      return { ...doc, instance }
    })
  }

  /** Moves the end earlier; now or before ends it. */
  narrow(id: string, expiresAt: number): Promise<Delegation> {
    return this.#change(id, 'delegation.narrowed', (doc) => {
      if (expiresAt > doc.expiresAt) {
        throw fault('delegation.wider', `the delegation \`${doc.id}\` ends earlier than that`)
      }
      return { ...doc, expiresAt }
    })
  }

  #change(id: string, type: string, to: (doc: Delegation) => Delegation): Promise<Delegation> {
    return this.#turns.run(async () => {
      const held = this.get(id) === undefined ? undefined : this.#held.get(id)
      if (held === undefined) {
        throw fault('delegation.unknown', 'this delegation is not known, or has ended')
      }
      const doc = to(held.doc)
      const receipt = await this.#append(type, doc)
      this.#held.set(id, await this.#ports.store.delegations.replace(held, doc, receipt))
      return doc
    })
  }

  #append(type: string, doc: Delegation): Promise<Receipt> {
    return this.#ports.audit.append({
      type,
      phase: 'lifecycle',
      person: doc.person,
      agent: doc.agent,
      ...(doc.instance === undefined ? {} : { instance: doc.instance }),
      body: { delegation: doc.id, expiresAt: doc.expiresAt },
    })
  }
}
