// Holds the agents: registered actors, each with an owner, a purpose, a state of its life, and roles.

import { faults } from '../../std/fault.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Agent } from '../../store/rows/agent.ts'
import type { Held } from '../../store/signed-table.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import { Turns } from '../turns.ts'
import { agentBody } from './agent-record.ts'
import {
  checkedClients,
  checkedPurpose,
  described,
  reviewed,
  type AgentChange,
  type AgentRegistration,
} from './agent-words.ts'
import { fault } from './faults.ts'
import { mayBecome, TRANSITION_RECORDS } from './lifecycle.ts'
import { checkName, unknownName } from './name.ts'
import { enforced, observedUntil, withoutEndedObserving } from './observing.ts'
import { Owners, type OwnerPorts } from './owners.ts'
import * as roles from './roles.ts'

const authorityFault = faults(AUTHORITY_FAULTS)

/** Discovered agents that wait for a person at once: whoever makes them up cannot fill the home. */
const MOST_DISCOVERED = 1_000

const EXPIRED = 'it has expired'
const ORPHANED = 'its owner left'

/** Who changes an agent, and why. */
export interface AgentWord {
  /** Person id. */
  readonly person: string
  readonly reason: string
}

/** How a change is recorded, besides what the agent is after it. */
interface Said {
  readonly type: string
  /** Absent where Bailiwick itself does it. */
  readonly person?: string
  readonly more: JsonObject
}

/** The registered agents. Reading is synchronous, from memory. */
export class Agents {
  readonly #ports: AuthorityPorts
  readonly #owners: Owners
  readonly #turns = new Turns()
  readonly #held = new Map<string, Held<Agent>>()
  readonly #listeners = new Set<(agent: Agent) => void>()
  /** Names in order; undefined after one was added. */
  #sorted: readonly string[] | undefined
  /** When something may next end by itself; what is due is found by looking at all, so this may be too early. */
  #due = 0

  private constructor(ports: AuthorityPorts, owners: OwnerPorts) {
    this.#ports = ports
    this.#owners = new Owners(owners)
  }

  /** Reads every agent whose row verifies. */
  static async load(ports: AuthorityPorts, owners: OwnerPorts): Promise<Agents> {
    const agents = new Agents(ports, owners)
    for (const held of await ports.store.agents.all()) agents.#held.set(held.doc.name, held)
    return agents
  }

  /**
   * The agent as it stands now: one that has expired, or whose owner left, is suspended even before that is written, and
   * roles at their end are not among its roles.
   */
  get(name: string): Agent | undefined {
    const doc = this.#held.get(name)?.doc
    return doc === undefined ? undefined : this.#standing(doc)
  }

  /** The agent of a name; throws `agent.unknown` with what may have been meant. */
  find(name: string): Agent {
    return this.#standing(this.#find(name).doc)
  }

  /** All agents, by name; with `after`, those whose names come later. */
  list(after = ''): readonly Agent[] {
    this.#sorted ??= [...this.#held.keys()].sort()
    const names = after === '' ? this.#sorted : this.#sorted.filter((name) => name > after)
    return names.flatMap((name) => this.get(name) ?? [])
  }

  /** True when nobody who is here owns the agent. */
  orphaned(agent: Pick<Agent, 'owner'>): boolean {
    return !this.#owners.holds(agent.owner)
  }

  /** The owner as rows hold it, of what people write. Throws `person.unknown`, `team.unknown`, `agent.unowned`. */
  ownerId(owner: string): string {
    return this.#owners.idOf(owner)
  }

  /** Calls back synchronously after a change is in force. Returns the way to stop listening. */
  onChange(listener: (agent: Agent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Registers an agent, which is active at once unless it is to wait. `person` is the id of who does it. */
  register(
    registration: AgentRegistration,
    { person }: { readonly person: string },
  ): Promise<Agent> {
    return this.#turns.run(async () => {
      const at = this.#ports.clock.now()
      const { reason, state = 'active' } = registration
      const word = { by: person, at, reason: checkedReason(reason ?? 'registered with it') }
      this.#checkNew(registration.name)
      const said: Agent = {
        name: registration.name,
        owner: this.#owners.idOf(registration.owner),
        purpose: checkedPurpose(registration.purpose),
        ...roles.withRoles({ roles: [] }, registration.roles.map(wish), word),
        unattended: registration.unattended,
        ...(registration.taskless === true && { taskless: true }),
        ...described({}, registration, at),
        state,
        createdAt: at,
      }
      const doc = { ...said, ...reviewed(said, registration, at) }
      const more = reason === undefined ? {} : { reason: word.reason }
      return this.#insert(doc, { type: 'agent.registered', person, more })
    })
  }

  /** Takes up an agent that was seen and that nobody registered: it owns nothing, does nothing, and waits for a person. */
  discover(seen: {
    readonly name: string
    readonly purpose: string
    /** URL of its client metadata document. */
    readonly client?: string
  }): Promise<Agent> {
    return this.#turns.run(async () => {
      this.#checkNew(seen.name)
      const waiting = [...this.#held.values()].filter(({ doc }) => doc.state === 'discovered')
      if (waiting.length >= MOST_DISCOVERED) {
        throw fault('agent.discovered', 'too many discovered agents wait for a person already')
      }
      const doc: Agent = {
        name: seen.name,
        owner: '',
        purpose: checkedPurpose(seen.purpose),
        roles: [],
        unattended: false,
        ...(seen.client !== undefined && { clients: checkedClients([seen.client]) }),
        state: 'discovered',
        createdAt: this.#ports.clock.now(),
      }
      return this.#insert(doc, { type: TRANSITION_RECORDS.discovered, more: {} })
    })
  }

  /**
   * Changes an agent; a retired one stays retired. An owner given to one that was discovered makes it `pending`. Throws
   * `agent.transition`, and `agent.unowned` or `agent.expired` for an activation that cannot be.
   */
  update(name: string, change: AgentChange, word: AgentWord): Promise<Agent> {
    return this.#change(name, word, (before, why) => {
      const owner = change.owner === undefined ? before.owner : this.#owners.idOf(change.owner)
      const claimed = before.state === 'discovered' && owner !== ''
      const state = change.state ?? (claimed ? 'pending' : before.state)
      const {
        environment: _e,
        risk: _r,
        reviewAt: _a,
        expiresAt: _x,
        clients: _c,
        ...rest
      } = before
      const { because, ...kept } = rest
      const taskless = change.taskless ?? before.taskless
      const said: Agent = {
        ...kept,
        owner,
        purpose: change.purpose === undefined ? before.purpose : checkedPurpose(change.purpose),
        ...(change.roles !== undefined && roles.withRoles(before, change.roles.map(wish), why)),
        unattended: change.unattended ?? before.unattended,
        ...(taskless !== undefined && { taskless }),
        ...described(before, change, why.at),
        state,
        ...(because !== undefined && state === before.state && { because }),
      }
      const doc = { ...said, ...reviewed(said, change, why.at) }
      return { doc, type: this.#transition(before, doc), more: {} }
    })
  }

  /** Suspends an agent without a person's word: a finding says why. One that is not active is left as it is. */
  suspend(name: string, because: string): Promise<void> {
    return this.#turns.run(async () => {
      const held = await this.#settle(this.#find(name))
      if (this.#standing(held.doc).state !== 'active') return
      const doc: Agent = { ...held.doc, state: 'suspended', because }
      const more = { from: 'active', because }
      await this.#replace(held, doc, { type: TRANSITION_RECORDS.suspended, more })
    })
  }

  /** Assigns a role, or gives one that it has another reason and end. */
  assignRole(name: string, of: roles.RoleWish, word: AgentWord): Promise<Agent> {
    return this.#change(name, word, (before, why) => ({
      doc: { ...before, ...roles.withRole(before, of, why) },
      type: 'agent.role_assigned',
      more: { role: of.role },
    }))
  }

  /** Takes a role away. */
  removeRole(name: string, role: string, word: AgentWord): Promise<Agent> {
    return this.#change(name, word, (before) => ({
      doc: { ...before, ...roles.withoutRole(before, role) },
      type: 'agent.role_removed',
      more: { role },
    }))
  }

  /** Notes that a person looked at a role and found it right. */
  reviewRole(name: string, role: string, word: AgentWord): Promise<Agent> {
    return this.#change(name, word, (before, { at }) => ({
      doc: { ...before, ...roles.reviewed(before, role, at) },
      type: 'agent.role_reviewed',
      more: { role },
    }))
  }

  /**
   * Observes an agent until a time, seven days off at most: its own denials of calls that only read and write are then recorded and
   * not enforced (INV-2). Throws `agent.observe`.
   */
  observe(name: string, { until }: { readonly until: number }, word: AgentWord): Promise<Agent> {
    return this.#change(name, word, (before, why) => ({
      doc: observedUntil(before, until, why),
      type: 'agent.observed',
      more: {},
    }))
  }

  /** Enforces everything again, at once. */
  enforce(name: string, word: AgentWord): Promise<Agent> {
    return this.#change(name, word, (before) => ({
      doc: enforced(before),
      type: 'agent.enforced',
      more: {},
    }))
  }

  /** True while an agent is active and observed. */
  observed(name: string): boolean {
    const held = this.#held.get(name)?.doc
    // Nearly all are not: answered before anything is worked out.
    if (held?.observe === undefined) return false
    const now = this.#standing(held)
    return now.observe !== undefined && now.state === 'active'
  }

  /**
   * Writes what has ended by itself: agents that expired, agents whose owners left, roles at their end. All of it counts as
   * ended before; this makes it a record. Answers how much it wrote.
   */
  sweep({ all = false }: { readonly all?: boolean } = {}): Promise<number> {
    if (!all && this.#ports.clock.now() < this.#due) return Promise.resolve(0)
    return this.#turns.run(async () => {
      const now = this.#ports.clock.now()
      let count = 0
      for (const held of this.#held.values()) {
        if ((await this.#settle(held)) !== held) count++
      }
      // Only now: a failure on the way leaves it due.
      this.#due = Infinity
      for (const { doc } of this.#held.values()) this.#due = Math.min(this.#due, endOf(doc, now))
      return count
    })
  }

  #standing(row: Agent): Agent {
    const doc = withoutEndedObserving(row, this.#ports.clock.now())
    const because = this.#ended(doc)
    const held = roles.rolesNow(doc, this.#ports.clock.now())
    if (because === undefined && held === doc.roles) return doc
    return { ...doc, roles: held, ...(because !== undefined && { state: 'suspended', because }) }
  }

  /** Why an agent that is written down as active is not, by now. */
  #ended({ state, expiresAt, owner }: Agent): string | undefined {
    if (state !== 'active') return undefined
    if (expiresAt !== undefined && expiresAt <= this.#ports.clock.now()) return EXPIRED
    return this.#owners.holds(owner) ? undefined : ORPHANED
  }

  /** Brings the row to what holds now, with a record for each thing that ended. */
  async #settle(held: Held<Agent>): Promise<Held<Agent>> {
    let now = held
    const because = this.#ended(held.doc)
    // An owner whose row cannot be read stops the agent as well, but is no reason to write that they left.
    if (because === EXPIRED || (because === ORPHANED && this.#owners.left(held.doc.owner))) {
      const type = because === ORPHANED ? 'agent.orphaned' : TRANSITION_RECORDS.suspended
      const doc: Agent = { ...held.doc, state: 'suspended', because }
      now = await this.#replace(now, doc, { type, more: { from: 'active', because } })
    }
    if (now.doc.state === 'retired') return now
    const observing = withoutEndedObserving(now.doc, this.#ports.clock.now())
    if (observing !== now.doc) {
      now = await this.#replace(now, observing, { type: 'agent.observe_ended', more: {} })
    }
    const left = roles.withoutEnded(now.doc, this.#ports.clock.now())
    if (left.roles.length < now.doc.roles.length) {
      const ended = now.doc.roles.filter((role) => !left.roles.includes(role))
      const doc = { ...now.doc, ...left }
      now = await this.#replace(now, doc, { type: 'agent.role_expired', more: { ended } })
    }
    return now
  }

  #change(
    name: string,
    { person, reason }: AgentWord,
    to: (before: Agent, why: roles.RoleWord) => { doc: Agent; type: string; more: JsonObject },
  ): Promise<Agent> {
    return this.#turns.run(async () => {
      const found = this.#find(name)
      const why = { by: person, at: this.#ports.clock.now(), reason: checkedReason(reason) }
      if (found.doc.state === 'retired') {
        throw authorityFault('agent.retired', `\`${name}\` is retired`)
      }
      const held = await this.#settle(found)
      const before = this.#standing(held.doc)
      const { doc, type, more } = to(before, why)
      const from = doc.state === before.state ? {} : { from: before.state }
      const said = { type, person, more: { ...more, ...from, reason: why.reason } }
      return (await this.#replace(held, doc, said)).doc
    })
  }

  /** The type of the record of a change, which is a transition that may be, or none. */
  #transition(before: Agent, doc: Agent): string {
    if (doc.state === before.state) return 'agent.updated'
    if (!mayBecome(before.state, doc.state)) {
      throw fault(
        'agent.transition',
        `\`${doc.name}\` is ${before.state}: it cannot become ${doc.state}`,
      )
    }
    if (doc.state === 'active' || doc.state === 'pending') {
      if (this.orphaned(doc))
        throw fault('agent.unowned', `nobody who is here owns \`${doc.name}\``)
    }
    if (doc.state === 'active' && this.#ended(doc) === EXPIRED) {
      throw fault('agent.expired', `\`${doc.name}\` has expired`)
    }
    return TRANSITION_RECORDS[doc.state]
  }

  #checkNew(name: string): void {
    checkName('an agent', name)
    if (this.#held.has(name)) {
      throw authorityFault('agent.exists', `an agent \`${name}\` is there already`)
    }
  }

  #find(name: string): Held<Agent> {
    const held = this.#held.get(name)
    if (held === undefined) {
      throw authorityFault('agent.unknown', `the agent ${unknownName(name, this.#held.keys())}`)
    }
    return held
  }

  async #insert(doc: Agent, said: Said): Promise<Agent> {
    const receipt = await this.#append(doc, said)
    this.#show(await this.#ports.store.agents.insert(doc, receipt))
    return doc
  }

  async #replace(held: Held<Agent>, doc: Agent, said: Said): Promise<Held<Agent>> {
    const receipt = await this.#append(doc, said)
    const next = await this.#ports.store.agents.replace(held, doc, receipt)
    this.#show(next)
    return next
  }

  #append(doc: Agent, { type, person, more }: Said) {
    return this.#ports.audit.append({
      type,
      phase: person === undefined ? 'lifecycle' : 'admin',
      ...(person !== undefined && { person }),
      agent: doc.name,
      body: agentBody(doc, more),
    })
  }

  #show(held: Held<Agent>): void {
    const { doc } = held
    if (!this.#held.has(doc.name)) this.#sorted = undefined
    this.#held.set(doc.name, held)
    this.#due = Math.min(this.#due, endOf(doc, this.#ports.clock.now()))
    for (const listener of this.#listeners) listener(doc)
  }
}

function wish(of: string | roles.RoleWish): roles.RoleWish {
  return typeof of === 'string' ? { role: of } : of
}

/** When something of an agent ends by itself after `now`; Infinity where nothing does. */
function endOf(agent: Agent, now: number): number {
  if (agent.state === 'retired') return Infinity
  const own = agent.state === 'active' ? (agent.expiresAt ?? Infinity) : Infinity
  return Math.min(own, agent.observe?.until ?? Infinity, roles.nextEnd(agent, now))
}
