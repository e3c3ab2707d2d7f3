// Holds the delegations: authority passed from a person to an agent, and from instance to instance, which only ever narrows (INV-4).

import { uuidv7 } from '../../std/id.ts'
import type { Delegation } from '../../store/rows/delegation.ts'
import type { Receipt } from '../../wire/record.ts'
import type { TaskPort } from '../tasks/choice.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import type { Agents } from '../registry/agents.ts'
import type { People } from '../registry/people.ts'
import { Turns } from '../turns.ts'
import { DelegationEndings, type DelegationEnd } from './ending.ts'
import { delegationFault } from './faults.ts'
import {
  checkDepth,
  checkLink,
  checkScope,
  MAX_LINKS,
  MOST_DELEGATION_MS,
  type PassRequest,
} from './pass.ts'
import { delegationBody } from './record.ts'
import { boundTask, taskFor } from './task.ts'
import { DelegationTree } from './tree.ts'

/** Delegations that one instance may have passed on at once. */
const MAX_PASSED = 256
/** How long rows of ended delegations are kept, in ms: a week. */
const KEPT_MS = 604_800_000
/** How often they are looked for. */
const PRUNE_MS = 3_600_000

const EXPIRED: DelegationEnd = { state: 'expired', by: '', reason: 'its time is over' }

/** What a person hands to an agent. */
export interface Grant {
  /** Id or name. */
  readonly person: string
  readonly agent: string
  /** Absent: nothing narrows. */
  readonly scope?: readonly string[]
  /** How many links may follow; absent: none. */
  readonly depth?: number
  /** Task id: the only one that may be worked on under it; absent: whichever is open. */
  readonly task?: string
  /** ms since the epoch; absent: 30 days from now, which is the most. */
  readonly expiresAt?: number
}

/** Who takes a delegation back, and why. */
export interface RevokeWord {
  /** Person id; empty where Bailiwick itself does it. */
  readonly by: string
  readonly reason: string
}

/** Instances, as far as chains depend on them. Synchronous, from memory. */
export interface InstancePort {
  live(id: string): { readonly agent: string } | undefined
  /** Calls back at once when an instance is no longer live. */
  onGone(listener: (instance: string) => void): () => void
}

/** Delegations that have not ended. Reading is synchronous, from memory. */
export class Delegations {
  readonly #ports: AuthorityPorts
  readonly #people: People
  readonly #agents: Agents
  readonly #turns = new Turns()
  readonly #tree = new DelegationTree()
  readonly #endings: DelegationEndings
  /** Who says which task is worked on; until it is known, nothing is passed on under one. */
  #tasks: TaskPort | undefined
  /** Who answers for what was passed on; until it is known, nothing that an instance passed on holds. */
  #instances: InstancePort | undefined
  /** Instances that are gone, and under whose delegations nobody acts any more. */
  readonly #left = new Set<string>()
  #pruned = 0

  private constructor(ports: AuthorityPorts, people: People, agents: Agents) {
    this.#ports = ports
    this.#people = people
    this.#agents = agents
    this.#endings = new DelegationEndings(ports, this.#tree, this.#turns)
  }

  /** Reads every delegation that verifies, has not ended, and hangs on one that has not either. */
  static async load(ports: AuthorityPorts, people: People, agents: Agents): Promise<Delegations> {
    const delegations = new Delegations(ports, people, agents)
    const now = ports.clock.now()
    const tree = delegations.#tree
    const rows = await ports.store.delegations.all({ state: 'active' })
    for (const held of rows) {
      if (held.doc.expiresAt > now) tree.put(held)
      else delegations.#endings.mark(held.doc.id, EXPIRED)
    }
    // A crash after a revocation and before that of what is below: none of it holds, and the first sweep writes so.
    for (const { doc } of rows) {
      if (doc.parent === undefined || tree.get(doc.parent) !== undefined) continue
      const end = { state: 'revoked', by: '', reason: 'what it hung on had ended' } as const
      delegations.#endings.take(doc.id, end)
    }
    return delegations
  }

  /** Lets what is passed on stay under the task of whoever passes it on. */
  stayUnder(tasks: TaskPort): void {
    this.#tasks = tasks
  }

  /** Lets chains depend on the instances that pass authority on, and ends what hangs on those that are gone. */
  watch(instances: InstancePort): () => void {
    this.#instances = instances
    for (const id of this.#tree.ids()) {
      const doc = this.#tree.get(id)?.doc
      for (const instance of [doc?.by?.instance, doc?.instance]) {
        if (instance !== undefined && instances.live(instance) === undefined) this.#gone(instance)
      }
    }
    return instances.onGone((instance) => this.#gone(instance))
  }

  /** The delegation, while it and everything above it holds. */
  get(id: string): Delegation | undefined {
    return this.chainOf(id)?.at(-1)
  }

  /**
   * The delegation with everything above it, the highest first; undefined when any link does not hold now: each is in force, of
   * the same person, given by the very instance that has the one above, which is live, of an agent that is active.
   */
  chainOf(id: string): readonly Delegation[] | undefined {
    const now = this.#ports.clock.now()
    const chain: Delegation[] = []
    for (let at: string | undefined = id; at !== undefined;) {
      const doc: Delegation | undefined = this.#tree.get(at)?.doc
      const below = chain.at(-1)
      if (doc === undefined || now >= doc.expiresAt || chain.length >= MAX_LINKS) return undefined
      if (below !== undefined && !follows(below, doc)) return undefined
      if (doc.by !== undefined && !this.#answers(doc.by, doc.person)) return undefined
      chain.push(doc)
      at = doc.parent
    }
    const head = chain.at(-1)
    if (head === undefined || !this.#begins(head)) return undefined
    return chain.reverse()
  }

  /** Delegations that have not ended, oldest first. Whether one holds is for `chainOf`. */
  list(): readonly Delegation[] {
    const now = this.#ports.clock.now()
    return [...this.#tree.ids()].sort().flatMap((id) => {
      const doc = this.#tree.get(id)?.doc
      return doc !== undefined && doc.expiresAt > now ? [doc] : []
    })
  }

  /** A delegation that has not ended, whether or not it holds. Throws `delegation.unknown`. */
  find(id: string): Delegation {
    const doc = this.#tree.get(id)?.doc
    if (doc !== undefined && doc.expiresAt > this.#ports.clock.now()) return doc
    throw delegationFault('delegation.unknown', 'this delegation is not known, or has ended')
  }

  /** What was passed on directly below a delegation and has not ended, oldest first. */
  below(id: string): readonly Delegation[] {
    return [...this.#tree.below(id)].sort().flatMap((one) => this.#tree.get(one)?.doc ?? [])
  }

  /** Calls back when a delegation ended, once for each, also for those below it. The answer stops listening. */
  onEnd(listener: (delegation: string, ended: Delegation) => void): () => void {
    return this.#endings.onEnd(listener)
  }

  /** Passes a part of a person's authority to an instance of an agent that is still to enrol. */
  create(grant: Grant): Promise<Delegation> {
    return this.#turns.run(() => {
      const person = this.#people.find(grant.person).id
      const agent = this.#agents.find(grant.agent).name
      checkScope(grant.scope)
      if (grant.depth !== undefined) checkDepth(grant.depth)
      const { scope, depth, task } = grant
      const most = this.#ports.clock.now() + MOST_DELEGATION_MS
      const { expiresAt = most } = grant
      if (expiresAt > most) {
        throw delegationFault(
          'delegation.too_long',
          'the delegation would last longer than 30 days',
        )
      }
      const doc = this.#new({
        person,
        agent,
        ...(scope === undefined ? {} : { scope }),
        ...(depth === undefined ? {} : { depth }),
        ...(task === undefined ? {} : { task }),
        expiresAt,
      })
      return this.#insert('delegation.created', doc)
    })
  }

  /**
   * An instance passes a part of its authority on to another agent, or to one instance of it. Throws the `delegation.*` Fault of
   * what would widen, and `agent.unknown`.
   */
  pass(of: PassRequest): Promise<Delegation> {
    return this.#turns.run(async () => {
      const agent = this.#agents.find(of.agent)
      const chain = of.parent === undefined ? [] : this.chainOf(of.parent)
      if (chain === undefined) {
        throw delegationFault('delegation.unknown', 'the delegation above does not hold')
      }
      const { person, depth } = checkLink(of, chain)
      this.#checkParties(of, person)
      if (agent.state !== 'active') {
        throw delegationFault('delegation.inactive', `\`${agent.name}\` is ${agent.state}`)
      }
      const { by, parent, instance, scope, expiresAt } = of
      const task = taskFor(this.#tasks, of, chain)
      const doc = this.#new({
        person,
        agent: agent.name,
        ...(instance === undefined ? {} : { instance }),
        by: { instance: by.instance, agent: by.agent },
        ...(parent === undefined ? {} : { parent }),
        ...(scope === undefined ? {} : { scope }),
        ...(task === undefined ? {} : { task }),
        depth,
        expiresAt,
      })
      const passed = await this.#insert('delegation.passed', doc)
      if (this.chainOf(passed.id) !== undefined) return passed
      // What is above ended while this was written.
      this.#endings.take(passed.id, {
        state: 'revoked',
        by: '',
        reason: 'what it hung on had ended',
      })
      throw delegationFault('delegation.unknown', 'the delegation above was ended meanwhile')
    })
  }

  /** Binds a delegation to the instance that takes it up; it never moves to another. */
  bind(id: string, instance: string): Promise<Delegation> {
    return this.#change(id, 'delegation.bound', (doc) => {
      if (doc.instance !== undefined && doc.instance !== instance) {
        throw delegationFault(
          'delegation.bound',
          `the delegation \`${doc.id}\` serves another instance`,
        )
      }
      const agent = this.#instances?.live(instance)?.agent
      if (agent !== undefined && agent !== doc.agent) {
        throw delegationFault('delegation.not_yours', 'the delegation is for another agent')
      }
      return { ...doc, instance }
    })
  }

  /** Binds a delegation to the one task that is worked on under it; it never moves to another. */
  bindTask(id: string, task: string): Promise<Delegation> {
    return this.#change(id, 'delegation.narrowed', (doc) => {
      const there = boundTask(this.chainOf(id) ?? [doc])
      if (there !== undefined && there !== task) {
        throw delegationFault('delegation.task', 'the delegation is bound to another task')
      }
      return { ...doc, task }
    })
  }

  /** Moves the end earlier; now or before ends it, with all that is below. */
  async narrow(id: string, expiresAt: number): Promise<Delegation> {
    const doc = await this.#change(id, 'delegation.narrowed', (before) => {
      if (expiresAt > before.expiresAt) {
        throw delegationFault('delegation.wider', `the delegation \`${id}\` ends earlier than that`)
      }
      return { ...before, expiresAt }
    })
    if (expiresAt <= this.#ports.clock.now()) {
      this.#endings.take(id, EXPIRED)
      await this.#endings.written()
    }
    return doc
  }

  /**
   * Takes a delegation back with everything below it: in force when this is called, recorded and stored when it resolves.
   * Throws `delegation.unknown` for one that has ended.
   */
  async revoke(id: string, { by, reason }: RevokeWord): Promise<Delegation> {
    const doc = this.find(id)
    this.#endings.take(id, { state: 'revoked', by, reason: checkedReason(reason) })
    await this.#endings.written()
    return doc
  }

  /** The same by the instance that passed it on; throws `delegation.not_yours` for one that it did not. */
  async revokeOwn(id: string, of: { readonly instance: string; readonly reason: string }) {
    if (this.find(id).by?.instance !== of.instance) {
      throw delegationFault('delegation.not_yours', 'this instance did not pass it on')
    }
    const reason = `the instance ${of.instance} took it back: ${checkedReason(of.reason)}`
    return this.revoke(id, { by: '', reason: reason.slice(0, 500) })
  }

  /** Ends what is over, and writes what could not be written before. Asked for every second or so. */
  async sweep(): Promise<void> {
    const now = this.#ports.clock.now()
    for (const id of this.#tree.due(now)) this.#endings.take(id, EXPIRED)
    for (const instance of this.#left) {
      this.#left.delete(instance)
      for (const id of this.#tree.of('taker', instance)) this.#endings.take(id, goneWith(instance))
    }
    await this.#endings.written()
    if (now - this.#pruned < PRUNE_MS) return
    this.#pruned = now
    await this.#ports.store.delegations.prune('expires_at', now - KEPT_MS)
  }

  /**
   * Nobody answers any more for what an instance gave: that ends now. Nobody acts under what it got either; as it is gone itself,
   * that can wait for the next look.
   */
  #gone(instance: string): void {
    for (const id of this.#tree.of('giver', instance)) this.#endings.take(id, goneWith(instance))
    if (this.#tree.of('taker', instance).length > 0) this.#left.add(instance)
  }

  /** True while the instance that passed it on is there to answer for it. */
  #answers(by: { readonly instance: string; readonly agent: string }, person: string): boolean {
    const agent = this.#agents.get(by.agent)
    return (
      agent?.state === 'active' &&
      (person !== '' || agent.unattended) &&
      this.#instances?.live(by.instance)?.agent === by.agent
    )
  }

  /** A chain begins with a person who is here, or with an agent that acts unattended. */
  #begins({ by, person }: Delegation): boolean {
    return person === '' ? by !== undefined : this.#people.get(person) !== undefined
  }

  #checkParties({ agent, by, instance }: PassRequest, person: string): void {
    if (this.#instances?.live(by.instance)?.agent !== by.agent) {
      throw delegationFault('delegation.not_yours', 'the instance that passes it on is not live')
    }
    const unattended = [by.agent, agent].every((name) => this.#agents.get(name)?.unattended)
    if (person === '' && !unattended) {
      throw delegationFault('delegation.attended', 'no person stands behind this authority')
    }
    if (instance !== undefined && this.#instances.live(instance)?.agent !== agent) {
      throw delegationFault('delegation.instance', `no live instance of \`${agent}\` has this id`)
    }
    if (this.#tree.of('giver', by.instance).length >= MAX_PASSED) {
      throw delegationFault(
        'delegation.too_many',
        `${MAX_PASSED} delegations are passed on already`,
      )
    }
  }

  #new(of: Omit<Delegation, 'id' | 'createdAt' | 'state' | 'revoked'>): Delegation {
    const { clock, entropy } = this.#ports
    const createdAt = clock.now()
    if (of.expiresAt <= createdAt) {
      throw delegationFault('delegation.over', 'the delegation would have ended already')
    }
    return { id: uuidv7(clock, entropy), ...of, createdAt }
  }

  async #insert(type: string, doc: Delegation): Promise<Delegation> {
    const receipt = await this.#append(type, doc)
    this.#tree.put(await this.#ports.store.delegations.insert(doc, receipt))
    return doc
  }

  #change(id: string, type: string, to: (doc: Delegation) => Delegation): Promise<Delegation> {
    return this.#turns.run(async () => {
      this.find(id)
      const held = this.#tree.get(id)
      if (held === undefined) throw new TypeError('found, and then not there')
      const doc = to(held.doc)
      const receipt = await this.#append(type, doc)
      const next = await this.#ports.store.delegations.replace(held, doc, receipt)
      // Taken back while it was written: what was taken stays taken, and is written in the next turn.
      if (this.#tree.get(id) !== held) {
        throw delegationFault('delegation.unknown', 'this delegation was ended meanwhile')
      }
      this.#tree.put(next)
      return doc
    })
  }

  #append(type: string, doc: Delegation): Promise<Receipt> {
    return this.#ports.audit.append({
      type,
      phase: 'lifecycle',
      ...(doc.person === '' ? {} : { person: doc.person }),
      agent: doc.agent,
      ...(doc.instance === undefined ? {} : { instance: doc.instance }),
      body: delegationBody(doc),
    })
  }
}

function goneWith(instance: string): DelegationEnd {
  return { state: 'revoked', by: '', reason: `its instance ${instance} is not live any more` }
}

/** True when a link was passed on by whoever has the one above, for the same person. */
function follows({ by, person, task }: Delegation, above: Delegation): boolean {
  return (
    by !== undefined &&
    (task === undefined || above.task === undefined || task === above.task) &&
    by.instance === above.instance &&
    by.agent === above.agent &&
    person === above.person
  )
}
