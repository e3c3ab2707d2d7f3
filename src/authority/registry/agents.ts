// Holds the agents: registered actors, each with an owner and a purpose.

import { faults } from '../../std/fault.ts'
import type { Agent } from '../../store/rows/agent.ts'
import type { Held } from '../../store/signed-table.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import { Turns } from '../turns.ts'
import { checkName, checkedRoles, unknownName } from './name.ts'
import type { People } from './people.ts'

const fault = faults(AUTHORITY_FAULTS)

/** What a person says of an agent when registering it. */
export interface AgentRegistration {
  readonly name: string
  /** Id or name of a person. */
  readonly owner: string
  readonly purpose: string
  readonly roles: readonly string[]
  /** May act without a user (INV-4). */
  readonly unattended: boolean
}

/** What can be changed afterwards. */
export type AgentChange = Partial<Omit<AgentRegistration, 'name'> & Pick<Agent, 'state'>>

/** The registered agents. Reading is synchronous, from memory. */
export class Agents {
  readonly #ports: AuthorityPorts
  readonly #people: People
  readonly #turns = new Turns()
  readonly #held = new Map<string, Held<Agent>>()
  readonly #listeners = new Set<(agent: Agent) => void>()

  private constructor(ports: AuthorityPorts, people: People) {
    this.#ports = ports
    this.#people = people
  }

  /** Reads every agent whose row verifies. */
  static async load(ports: AuthorityPorts, people: People): Promise<Agents> {
    const agents = new Agents(ports, people)
    for (const held of await ports.store.agents.all()) agents.#held.set(held.doc.name, held)
    return agents
  }

  get(name: string): Agent | undefined {
    return this.#held.get(name)?.doc
  }

  /** The agent of a name; throws `agent.unknown` with what may have been meant. */
  find(name: string): Agent {
    return this.#find(name).doc
  }

  /** All agents, by name. */
  list(): readonly Agent[] {
    return [...this.#held.values()].map(({ doc }) => doc).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Calls back synchronously after a change is in force. Returns the way to stop listening. */
  onChange(listener: (agent: Agent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Registers an agent. `person` is the id of who does it. */
  register(
    registration: AgentRegistration,
    { person }: { readonly person: string },
  ): Promise<Agent> {
    return this.#turns.run(async () => {
      checkName('an agent', registration.name)
      if (this.#held.has(registration.name)) {
        throw fault('agent.exists', `an agent \`${registration.name}\` is there already`)
      }
      const doc: Agent = {
        name: registration.name,
        owner: this.#people.find(registration.owner).id,
        purpose: checkedPurpose(registration.purpose),
        roles: checkedRoles(registration.roles),
        unattended: registration.unattended,
        state: 'active',
        createdAt: this.#ports.clock.now(),
      }
      const receipt = await this.#append('agent.registered', person, doc, {})
      this.#show(await this.#ports.store.agents.insert(doc, receipt))
      return doc
    })
  }

  /** Changes an agent; a retired one stays retired. `person` is the id of who does it. */
  update(
    name: string,
    change: AgentChange,
    { person, reason }: { readonly person: string; readonly reason: string },
  ): Promise<Agent> {
    return this.#turns.run(async () => {
      const held = this.#find(name)
      const why = checkedReason(reason)
      if (held.doc.state === 'retired') throw fault('agent.retired', `\`${name}\` is retired`)
      const doc: Agent = {
        ...held.doc,
        owner: change.owner === undefined ? held.doc.owner : this.#people.find(change.owner).id,
        purpose: change.purpose === undefined ? held.doc.purpose : checkedPurpose(change.purpose),
        roles: change.roles === undefined ? held.doc.roles : checkedRoles(change.roles),
        unattended: change.unattended ?? held.doc.unattended,
        state: change.state ?? held.doc.state,
      }
      const receipt = await this.#append('agent.updated', person, doc, { reason: why })
      this.#show(await this.#ports.store.agents.replace(held, doc, receipt))
      return doc
    })
  }

  #find(name: string): Held<Agent> {
    const held = this.#held.get(name)
    if (held === undefined) {
      throw fault('agent.unknown', `the agent ${unknownName(name, this.#held.keys())}`)
    }
    return held
  }

  #append(type: string, person: string, doc: Agent, more: Record<string, string>) {
    const { owner, purpose, roles, unattended, state } = doc
    return this.#ports.audit.append({
      type,
      phase: 'admin',
      person,
      agent: doc.name,
      body: { owner, purpose, roles: [...roles], unattended, state, ...more },
    })
  }

  #show(held: Held<Agent>): void {
    this.#held.set(held.doc.name, held)
    for (const listener of this.#listeners) listener(held.doc)
  }
}

function checkedPurpose(purpose: string): string {
  const text = purpose.trim()
  if (text === '' || text.length > 500) {
    throw fault('agent.purpose', 'a purpose of 1 to 500 characters is needed')
  }
  return text
}
