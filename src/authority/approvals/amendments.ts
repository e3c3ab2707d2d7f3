// Holds the amendments: what persons agreed to for a whole task, used up call by call, and gone with whatever it stood on (INV-6).

import { fromBase64url } from '../../std/bytes.ts'
import { canonicalJson, type JsonObject } from '../../std/json.ts'
import type { Subjects } from '../../audit/side/subjects.ts'
import type { Amendment, AmendmentState } from '../../store/rows/amendment.ts'
import type { LockTarget } from '../../store/rows/lock.ts'
import type { Held } from '../../store/signed-table.ts'
import type { Actor } from '../../wire/actor.ts'
import type { Gate } from '../../wire/decision.ts'
import type { Receipt, RecordDraft } from '../../wire/record.ts'
import { covers, type EquippedWith } from '../locks/target.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import { Turns } from '../turns.ts'
import { amendmentContext } from './amendment-draft.ts'
import { amendmentFault } from './amendment-faults.ts'
import { boundsOf, openBounds, type OpenBounds } from './bounds.ts'
import { mayAgreeStill, type Approver } from './verdict.ts'

/** A held call, as far as amendments look at it. */
export interface AmendedAsk {
  /** Id of the governed call. */
  readonly call: string
  readonly actor: Actor
  readonly system: string
  readonly action: string
  readonly definition: string
  readonly policySet: string
  readonly gates: readonly Gate[]
  readonly input: JsonObject
}

/** What amendments ask of others. */
export interface AmendmentParts {
  readonly subjects: Pick<Subjects, 'open'>
  /** Somebody as gates see them now; undefined: who is not here. */
  readonly approver: (person: string) => Approver | undefined
  /** True while the task is open. */
  readonly isOpen: (task: string) => boolean
}

/** Ends of an amendment. */
interface End {
  readonly state: Exclude<AmendmentState, 'active'>
  readonly reason: string
  readonly person?: string
}

/** Types of the records, by how it ended; one that was used up has its last use. */
export const AMENDMENT_ENDS = {
  expired: 'amendment.expired',
  withdrawn: 'amendment.withdrawn',
  void: 'amendment.voided',
} as const satisfies Readonly<Partial<Record<End['state'], string>>>

/** Amendments that are worth something. Looking is synchronous, from memory. */
export class Amendments {
  readonly #ports: AuthorityPorts
  readonly #parts: AmendmentParts
  readonly #turns = new Turns()
  readonly #active = new Map<string, Held<Amendment>>()
  readonly #bounds = new Map<string, OpenBounds>()

  private constructor(ports: AuthorityPorts, parts: AmendmentParts) {
    this.#ports = ports
    this.#parts = parts
  }

  /** Reads every one that is active and verifies. */
  static async load(ports: AuthorityPorts, parts: AmendmentParts): Promise<Amendments> {
    const amendments = new Amendments(ports, parts)
    for (const held of await ports.store.amendments.all({ state: 'active' })) amendments.show(held)
    return amendments
  }

  /** Shows one as it stands in the database. */
  show(held: Held<Amendment>): void {
    const { id, state } = held.doc
    if (state === 'active') this.#active.set(id, held)
    else {
      this.#active.delete(id)
      this.#bounds.delete(id)
    }
  }

  /** Active ones, oldest first; of one task where it is named. */
  list(task?: string): readonly Amendment[] {
    const now = this.#ports.clock.now()
    return [...this.#active.values()]
      .map(({ doc }) => doc)
      .filter((doc) => doc.expiresAt > now && (task === undefined || doc.task === task))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** Any of a task or an approval, however they ended. */
  async of(where: { readonly task: string }): Promise<readonly Amendment[]> {
    return (await this.#ports.store.amendments.all(where)).map(({ doc }) => doc)
  }

  /** Any, however it ended. Throws `amendment.unknown`. */
  async get(id: string): Promise<Amendment> {
    const held = this.#active.get(id) ?? (await this.#ports.store.amendments.get(id))
    if (held === undefined) throw amendmentFault('amendment.unknown', 'there is none of this id')
    return held.doc
  }

  /** What it covers, for people; undefined once it is final, or what is kept of its person was erased. */
  bounds(amendment: Amendment): OpenBounds | undefined {
    const known = this.#bounds.get(amendment.id)
    if (known !== undefined || amendment.sealed === '') return known
    const sealed = fromBase64url(amendment.sealed) ?? new Uint8Array()
    const { subject, id } = amendment
    const found = boundsOf(this.#parts.subjects.open(subject, sealed, amendmentContext(id)))
    if (found === undefined) return undefined
    const open = openBounds(found)
    this.#bounds.set(id, open)
    return open
  }

  /**
   * The amendments that lift every gate of a held call, one for each; undefined where a gate has none, so that people are asked about the
   * whole call. Takes nothing.
   */
  find(ask: AmendedAsk): readonly Amendment[] | undefined {
    const task = ask.actor.task?.id
    if (task === undefined || ask.gates.length === 0) return undefined
    const there = this.list(task)
    const found: Amendment[] = []
    for (const gate of ask.gates) {
      const fits = there.filter((one) => this.#lifts(one, gate, ask))
      // What ends first is used first.
      const [first] = fits.sort((a, b) => a.expiresAt - b.expiresAt)
      if (first === undefined) return undefined
      found.push(first)
    }
    return found
  }

  /**
   * Uses each of them up for one call, all or none. When this resolves that is durable, in the record and in the rows; false where one
   * of them is not there any more, or does not cover this call: nothing is taken then.
   */
  use(ids: readonly string[], ask: AmendedAsk): Promise<boolean> {
    return this.#turns.run(async () => {
      const held = ids.flatMap((id) => this.#active.get(id) ?? [])
      const now = this.#ports.clock.now()
      const all = ask.gates.every((gate, at) => {
        const doc = held[at]?.doc
        return doc !== undefined && doc.expiresAt > now && this.#lifts(doc, gate, ask)
      })
      if (!all || held.length !== ask.gates.length || held.length === 0) return false
      const next = held.map(({ doc }) => this.#usedOnce(doc))
      const receipts: Receipt[] = []
      for (const doc of next) {
        const { used, count } = doc
        receipts.push(
          await this.#append('amendment.used', 'decision', doc, { used, count }, ask.call),
        )
      }
      const shown = await this.#ports.store.atomically(async (tables) => {
        const rows: Held<Amendment>[] = []
        for (const [at, doc] of next.entries()) {
          rows.push(await tables.amendments.replace(held[at]!, doc, receipts[at]!))
        }
        return rows
      })
      for (const row of shown) this.show(row)
      return true
    })
  }

  /** Takes one back. Who may is for the caller to have checked. Throws `amendment.unknown`, `amendment.closed`. */
  withdraw(id: string, word: { readonly person: string; readonly reason: string }) {
    const reason = checkedReason(word.reason)
    return this.#turns.run(async () => {
      const held = this.#active.get(id)
      if (held !== undefined) {
        return this.#end(held, { state: 'withdrawn', reason, person: word.person })
      }
      const { state } = await this.get(id)
      throw amendmentFault('amendment.closed', `this amendment is ${state} already`)
    })
  }

  /** Ends what is over by now: its time, its task, or a person whom its gate would not ask any more. */
  sweep(): Promise<number> {
    const now = this.#ports.clock.now()
    return this.#endAll((doc) => {
      if (doc.expiresAt <= now) return { state: 'expired', reason: 'its time is over' }
      if (!this.#parts.isOpen(doc.task)) return { state: 'void', reason: 'the task has ended' }
      if (this.#stands(doc)) return undefined
      return { state: 'void', reason: 'somebody who agreed may not agree there any more' }
    })
  }

  /** Ends those that were given under other policies, or for another definition, than are in force. */
  voidStale(now: {
    readonly policySet: string
    readonly definitionOf: (system: string, action: string) => string | undefined
  }): Promise<number> {
    return this.#endAll((doc) => {
      if (doc.policySet !== now.policySet) return { state: 'void', reason: 'the policies changed' }
      const same = now.definitionOf(doc.system, doc.action) === doc.definition
      return same ? undefined : { state: 'void', reason: 'the definition of the action changed' }
    })
  }

  /** Ends those of a task that has ended. */
  voidForTask(task: string, reason: string): Promise<number> {
    return this.#voidWhere((doc) => doc.task === task, reason)
  }

  /** Ends those of an agent that may no longer act, or that passed authority on. */
  voidForAgent(agent: string, reason: string): Promise<number> {
    const isOf = (doc: Amendment): boolean =>
      doc.agent === agent || (doc.chain ?? []).some((one) => one.agent === agent)
    return this.#voidWhere(isOf, reason)
  }

  /** Ends those of calls on behalf of a person (an id): their bounds can be shown to nobody any more. */
  voidForPerson(person: string, reason: string): Promise<number> {
    return this.#voidWhere((doc) => doc.subject === person, reason)
  }

  /** Ends those of every call that a lock on the target stops (INV-5). */
  voidCovered(target: LockTarget, reason: string, equipped: EquippedWith): Promise<number> {
    const isUnder = (doc: Amendment): boolean =>
      covers(target, { ...doc, task: { id: doc.task } }, doc.system, doc.action, equipped)
    return this.#voidWhere(isUnder, reason)
  }

  /** True where an amendment lifts this gate of this call now. */
  #lifts(doc: Amendment, gate: Gate, ask: AmendedAsk): boolean {
    const { actor } = ask
    const bound =
      doc.state === 'active' &&
      doc.used < doc.count &&
      doc.gate.policy === gate.policy &&
      doc.gate.name === gate.name &&
      doc.task === actor.task?.id &&
      doc.agent === actor.agent &&
      doc.owner === actor.owner &&
      doc.system === ask.system &&
      doc.action === ask.action &&
      doc.definition === ask.definition &&
      doc.policySet === ask.policySet &&
      (doc.delegation?.person ?? '') === (actor.delegation?.person ?? '') &&
      lineageOf(doc.chain ?? []) === lineageOf(actor.chain)
    return (
      bound &&
      this.#parts.isOpen(doc.task) &&
      this.#stands(doc) &&
      this.bounds(doc)?.covers(ask.input) === true
    )
  }

  /** True while its gate would ask everybody who agreed. */
  #stands(doc: Amendment): boolean {
    return doc.persons.every((person) => {
      const approver = this.#parts.approver(person)
      return approver !== undefined && mayAgreeStill(doc, doc.gate, approver)
    })
  }

  #usedOnce(doc: Amendment): Amendment {
    const used = doc.used + 1
    if (used < doc.count) return { ...doc, used }
    const ended = { reason: 'it was used up', at: this.#ports.clock.now() }
    return { ...doc, used, state: 'used', sealed: '', ended }
  }

  #voidWhere(matches: (doc: Amendment) => boolean, reason: string): Promise<number> {
    return this.#endAll((doc) => (matches(doc) ? { state: 'void', reason } : undefined))
  }

  #endAll(endOf: (doc: Amendment) => End | undefined): Promise<number> {
    if (this.#active.size === 0) return Promise.resolve(0)
    return this.#turns.run(async () => {
      let count = 0
      for (const held of this.#active.values()) {
        const end = endOf(held.doc)
        if (end === undefined) continue
        await this.#end(held, end)
        count += 1
      }
      return count
    })
  }

  async #end(held: Held<Amendment>, { state, reason, person }: End): Promise<Amendment> {
    const type = state === 'used' ? 'amendment.used' : AMENDMENT_ENDS[state]
    const at = this.#ports.clock.now()
    const ended = { ...(person !== undefined && { person }), reason, at }
    const doc: Amendment = { ...held.doc, state, sealed: '', ended }
    const phase = person === undefined ? 'lifecycle' : 'admin'
    const receipt = await this.#append(type, phase, doc, { reason }, undefined, person)
    this.show(await this.#ports.store.amendments.replace(held, doc, receipt))
    return doc
  }

  #append(
    type: string,
    phase: RecordDraft['phase'],
    doc: Amendment,
    more: JsonObject,
    call?: string,
    person?: string,
  ) {
    return this.#ports.audit.append({
      type,
      phase,
      ...(call !== undefined && { call }),
      ...(person !== undefined && { person }),
      task: doc.task,
      agent: doc.agent,
      system: doc.system,
      action: doc.action,
      body: { amendment: doc.id, ...more },
    })
  }
}

/** The agents of a chain, in order. */
function lineageOf(chain: readonly { readonly agent: string }[]): string {
  return canonicalJson(chain.map(({ agent }) => agent))
}
