// Holds the locks: active denials, in force in memory as soon as they are durable (INV-5).

import { rfc3339 } from '../../std/clock.ts'
import { faults, type Fault } from '../../std/fault.ts'
import { isUuid, uuidv7 } from '../../std/id.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Lock, LockTarget } from '../../store/rows/lock.ts'
import type { Held } from '../../store/signed-table.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import type { Agents } from '../registry/agents.ts'
import { unknownName } from '../registry/name.ts'
import type { People } from '../registry/people.ts'
import { rolesEver } from '../registry/person-roles.ts'
import type { Systems } from '../registry/systems.ts'
import { Turns } from '../turns.ts'
import { credentialsOf, USER } from './credentials.ts'
import { lifters, requestOf, weigh } from './lifting.ts'
import { keyed, presenceFor, type Shown } from './presence.ts'
import { LockIndex, type EquippedWith, type Lockable } from './target.ts'

const fault = faults(AUTHORITY_FAULTS)

/** Id of the lock on everything that stands while rows of the database are missing or were put back by hand. */
const INTEGRITY_LOCK = 'integrity'

/** Who removes or adds, and why. */
export interface LockWord {
  /** Person id; empty where Bailiwick itself answers a finding. */
  readonly person: string
  readonly reason: string
}

/** Told after a lock is in force, or has been removed. */
export type LockListener = (change: 'added' | 'removed', lock: Lock) => void

/** Where the names of targets are looked up. */
export interface LockRegistry {
  readonly people: People
  readonly agents: Agents
  readonly systems: Systems
}

/** The locks. Looking up is synchronous, from memory. */
export class Locks {
  readonly #ports: AuthorityPorts
  readonly #registry: LockRegistry
  readonly #turns = new Turns()
  readonly #index = new LockIndex()
  readonly #active = new Map<string, Held<Lock>>()
  readonly #listeners = new Set<LockListener>()
  readonly #kept = new Set<(lock: Lock) => void>()
  #integrity: Lock | undefined

  private constructor(ports: AuthorityPorts, registry: LockRegistry) {
    this.#ports = ports
    this.#registry = registry
  }

  /**
   * Reads every active lock that verifies. `problems` are what the store says of its tables: a lock may be among the rows
   * that are missing, so everything is locked until a person has looked.
   */
  static async load(
    ports: AuthorityPorts,
    registry: LockRegistry,
    problems: readonly Fault[],
  ): Promise<Locks> {
    const locks = new Locks(ports, registry)
    for (const held of await ports.store.locks.all({ state: 'active' })) locks.#enforce(held)
    if (problems.length > 0) {
      locks.#integrity = {
        id: INTEGRITY_LOCK,
        target: { kind: 'everything', name: '' },
        reason: problems.map((problem) => problem.detail).join('; '),
        person: '',
        at: ports.clock.now(),
        state: 'active',
        ...locks.#memory(),
      }
      locks.#index.add(locks.#integrity)
    }
    return locks
  }

  /** The credentials that calls of a system go out with, as locks name them. */
  readonly equippedWith: EquippedWith = (system, person) =>
    credentialsOf(this.#registry.systems, system, person)

  /** The lock that stops this call, if there is one. */
  find(actor: Lockable, system: string, action: string): Lock | undefined {
    return this.#index.find(actor, system, action, this.equippedWith)
  }

  /** A lock in force on exactly this target, durable or about to be. */
  on(target: LockTarget): Lock | undefined {
    return this.#index.of(target)
  }

  /** Active locks, oldest first, with the requests to lift them that count. */
  list(): readonly Lock[] {
    const locks = [...this.#active.values()].map(({ doc }) => doc).sort((a, b) => a.at - b.at)
    const all = this.#integrity === undefined ? locks : [this.#integrity, ...locks]
    return all.map((lock) => this.#shown(lock))
  }

  /** Any lock, lifted ones too. Throws `lock.unknown`. */
  async get(id: string): Promise<Lock> {
    const lock = this.#inForce(id) ?? (await this.#ports.store.locks.get(id))?.doc
    if (lock === undefined) throw fault('lock.unknown', `the lock ${unknownName(id, [])}`)
    return this.#shown(lock)
  }

  /** Without a request that is too old to count. */
  #shown(lock: Lock): Lock {
    const { lift, ...rest } = lock
    return lift === undefined || requestOf(lock, this.#ports.clock.now()) === lift ? lock : rest
  }

  /** Calls back synchronously once a change is in force. Returns the way to stop listening. */
  onChange(listener: LockListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Calls back synchronously once a new lock is durable. Returns the way to stop listening. */
  onKept(listener: (lock: Lock) => void): () => void {
    this.#kept.add(listener)
    return () => this.#kept.delete(listener)
  }

  /** Locks a target. When it resolves the lock is durable, in force, and every listener has been told. */
  add(word: LockWord & { readonly target: LockTarget }): Promise<Lock> {
    return this.#turns.run(async () => {
      const doc = this.#lock(word)
      const receipt = await this.#append('lock.added', doc, doc.person, doc.reason, ableOf(doc))
      this.#enforce(await this.#ports.store.locks.insert(doc, receipt))
      this.#tell('added', doc)
      for (const listener of this.#kept) listener(doc)
      return doc
    })
  }

  /**
   * Locks a target before anything is written: in force, and every listener told, when this returns; durable when it resolves.
   * Where it cannot be made durable it is in force no longer, and this rejects.
   */
  async addAtOnce(word: LockWord & { readonly target: LockTarget }): Promise<Lock> {
    const doc = this.#lock(word)
    this.#index.add(doc)
    this.#tell('added', doc)
    try {
      await this.#turns.run(async () => {
        const receipt = await this.#append('lock.added', doc, doc.person, doc.reason, ableOf(doc))
        this.#active.set(doc.id, await this.#ports.store.locks.insert(doc, receipt))
      })
    } catch (error) {
      this.#index.remove(doc)
      this.#tell('removed', doc)
      throw error
    }
    for (const listener of this.#kept) listener(doc)
    return doc
  }

  #lock({ target, reason, person }: LockWord & { readonly target: LockTarget }): Lock {
    const { clock, entropy } = this.#ports
    return {
      id: uuidv7(clock, entropy),
      target: this.#resolve(target),
      reason: checkedReason(reason),
      person,
      at: clock.now(),
      state: 'active',
      ...this.#memory(),
    }
  }

  /** Who could lift a lock that is made now, or could by signing in, and who of them has a passkey. */
  #memory(): Pick<Lock, 'able' | 'keyed'> {
    const { people: registry } = this.#registry
    const people = registry
      .list()
      .map(({ id }) => registry.known(id))
      .filter((row) => row !== undefined)
    // Nobody is alone because the others signed in yesterday.
    const able = lifters(people, rolesEver)
    return { able, keyed: keyed(able, people) }
  }

  /**
   * Lifts a lock at once, on one word: for what Bailiwick itself set, and for whoever has weighed the words of people already. `integrity`
   * is lifted by taking what is in the database now for whole: the record names who did.
   */
  remove(id: string, { person, reason }: LockWord): Promise<Lock> {
    return this.#turns.run(async () => {
      const why = checkedReason(reason)
      return this.#remove(this.#found(id), { person, reason: why }, {})
    })
  }

  async #remove(lock: Lock, { person, reason }: LockWord, said: JsonObject): Promise<Lock> {
    const held = this.#active.get(lock.id)
    if (held === undefined) return this.#accept(person, reason, said)
    const { clock, store } = this.#ports
    const removed = { person, reason, at: clock.now() }
    const doc: Lock = { ...lock, state: 'removed', removed }
    const receipt = await this.#append('lock.removed', doc, person, reason, said)
    await store.locks.replace(held, doc, receipt)
    this.#active.delete(lock.id)
    this.#index.remove(held.doc)
    this.#tell('removed', doc)
    return doc
  }

  /**
   * One of the two words that lift a lock. The answer has the state `removed` where it is lifted, and else the request that waits now.
   * Throws `lock.second`, `lock.wait`, `lock.presence`.
   */
  lift(
    id: string,
    word: LockWord & { readonly shown?: Shown | undefined },
    delayMs: number,
  ): Promise<Lock> {
    return this.#turns.run(async () => {
      const lock = this.#found(id)
      const lifter = this.#registry.people.find(word.person)
      const { id: person } = lifter
      const reason = checkedReason(word.reason)
      const now = this.#ports.clock.now()
      const presence = presenceFor(lock, lifter, word.shown, now)
      const found = weigh(lock, person, { able: this.#able(), delayMs, presence }, now)
      if (found.does === 'refuse') throw found.why
      if (found.does === 'lift') {
        const asked = lock.lift === undefined || found.alone ? {} : { first: lock.lift.person }
        const alone = found.alone ? { alone: true, presence } : { alone: false }
        return this.#remove(lock, { person: word.person, reason }, { ...asked, ...alone })
      }
      const lift = { ...found.request, reason }
      const said = { from: lift.from === null ? null : rfc3339(lift.from) }
      return this.#change({ ...lock, lift }, 'lock.lift_requested', word.person, reason, said)
    })
  }

  /** Takes a request to lift a lock back. Throws `lock.unknown` where there is none. */
  keep(id: string, { person, reason }: LockWord): Promise<Lock> {
    return this.#turns.run(async () => {
      const { lift, ...lock } = this.#found(id)
      if (lift === undefined)
        throw fault('lock.unknown', 'nobody has asked for this lock to be lifted')
      const why = checkedReason(reason)
      return this.#change(lock, 'lock.lift_withdrawn', person, why, { first: lift.person })
    })
  }

  /** Who may lift locks now; nobody who is locked, unless all of them are. */
  #able(): readonly string[] {
    const all = lifters(this.#registry.people.list())
    const free = all.filter((name) => this.#index.of({ kind: 'person', name }) === undefined)
    return free.length > 0 ? free : all
  }

  #inForce(id: string): Lock | undefined {
    return id === INTEGRITY_LOCK ? this.#integrity : this.#active.get(id)?.doc
  }

  #found(id: string): Lock {
    const lock = this.#inForce(id)
    if (lock !== undefined) return lock
    if (id === INTEGRITY_LOCK) throw fault('lock.unknown', 'the database is whole')
    throw fault('lock.unknown', `the lock ${unknownName(id, this.#active.keys())}`)
  }

  /** What is asked about a lock changes; the lock itself is in force all the while. That on the database has no row: a restart asks anew. */
  async #change(
    doc: Lock,
    type: string,
    person: string,
    reason: string,
    said: JsonObject,
  ): Promise<Lock> {
    const receipt = await this.#append(type, doc, person, reason, said)
    const held = this.#active.get(doc.id)
    if (held === undefined) this.#integrity = doc
    else this.#active.set(doc.id, await this.#ports.store.locks.replace(held, doc, receipt))
    return doc
  }

  async #accept(person: string, reason: string, said: JsonObject): Promise<Lock> {
    const lock = this.#integrity
    if (lock === undefined) throw fault('lock.unknown', 'the database is whole')
    const receipt = await this.#append('lock.removed', lock, person, reason, said)
    await this.#ports.store.adopt(receipt)
    this.#integrity = undefined
    this.#index.remove(lock)
    const removed = { person, reason, at: this.#ports.clock.now() }
    const doc: Lock = { ...lock, state: 'removed', removed }
    this.#tell('removed', doc)
    return doc
  }

  /** The target with its name as it stands in calls. A lock on a name that nobody has would protect from nothing. */
  #resolve({ kind, name }: LockTarget): LockTarget {
    const { people, agents, systems } = this.#registry
    switch (kind) {
      case 'everything':
        return { kind, name: '' }
      case 'person':
        return { kind, name: people.find(name).id }
      case 'agent':
        return { kind, name: agents.find(name).name }
      case 'system':
        return { kind, name: systems.find(name).definition.name }
      case 'instance':
        if (!isUuid(name)) throw fault('lock.target', 'this is not the id of an instance')
        return { kind, name }
      case 'delegation':
        if (!isUuid(name)) throw fault('lock.target', 'this is not the id of a delegation')
        return { kind, name }
      case 'task':
        if (!isUuid(name)) throw fault('lock.target', 'this is not the id of a task')
        return { kind, name }
      case 'action':
        return { kind, name: this.#action(name) }
      case 'credential':
        return { kind, name: this.#credential(name) }
    }
  }

  #credential(name: string): string {
    const slash = name.indexOf('/')
    if (slash < 0)
      throw fault('lock.target', 'a credential is named as system/NAME or system/user:PERSON')
    const { name: system } = this.#registry.systems.find(name.slice(0, slash)).definition
    const rest = name.slice(slash + 1)
    const person = rest.startsWith(USER)
      ? this.#registry.people.find(rest.slice(USER.length)).id
      : undefined
    const full = person === undefined ? name : `${system}/${USER}${person}`
    if (this.equippedWith(system, person).includes(full)) return full
    throw fault('lock.target', `calls of ${system} go out with no such credential`)
  }

  #action(name: string): string {
    const slash = name.indexOf('/')
    if (slash < 0) throw fault('lock.target', 'an action is named as system/action')
    const { definition } = this.#registry.systems.find(name.slice(0, slash))
    const actions = definition.actions.map((action) => action.name)
    if (actions.includes(name.slice(slash + 1))) return name
    throw fault('action.unknown', `the action ${unknownName(name.slice(slash + 1), actions)}`)
  }

  #append(type: string, lock: Lock, person: string, reason: string, said: JsonObject = {}) {
    const { kind, name } = lock.target
    return this.#ports.audit.append({
      type,
      phase: person === '' ? 'lifecycle' : 'admin',
      ...(person === '' ? {} : { person }),
      ...(kind === 'agent' ? { agent: name } : {}),
      ...(kind === 'instance' ? { instance: name } : {}),
      ...(kind === 'system' ? { system: name } : {}),
      body: { lock: lock.id, kind, name, reason, ...said },
    })
  }

  #enforce(held: Held<Lock>): void {
    this.#active.set(held.doc.id, held)
    this.#index.add(held.doc)
  }

  #tell(change: 'added' | 'removed', lock: Lock): void {
    for (const listener of this.#listeners) listener(change, lock)
  }
}

/** What the log keeps of who could lift a lock, so that a row made anew from it says the same. */
function ableOf({ able = [], keyed: had = [] }: Lock): JsonObject {
  return { able: [...able], keyed: [...had] }
}
