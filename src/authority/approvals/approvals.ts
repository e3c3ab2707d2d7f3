// Holds the approvals: calls that wait at a gate until persons agree, refuse, or time runs out (INV-6).

import { Fault, faults } from '../../std/fault.ts'
import { uuidv7 } from '../../std/id.ts'
import type { JsonObject } from '../../std/json.ts'
import { subjectOf, type Subjects } from '../../audit/side/subjects.ts'
import { isOpen, type Approval, type ApprovalState } from '../../store/rows/approval.ts'
import type { LockTarget } from '../../store/rows/lock.ts'
import type { Held } from '../../store/signed-table.ts'
import { gateRule } from '../../wire/gate.ts'
import type { PresenceAsk, PresenceProof } from '../../wire/presence.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import { covers } from '../locks/target.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import type { People } from '../registry/people.ts'
import type { Teams } from '../registry/teams.ts'
import { Turns } from '../turns.ts'
import { alike } from './alike.ts'
import { Attention } from './attention.ts'
import { openArguments, pending, type ApprovalAsk } from './ask.ts'
import { approvalRecord, requestBody } from './record.ts'
import {
  concerns,
  gateFor,
  gatesOf,
  openGates,
  refusal,
  withAgreement,
  type Approver,
} from './verdict.ts'
import { Waiters } from './waiters.ts'

const fault = faults(AUTHORITY_FAULTS)

/** A person's decision. */
export interface ApprovalWord {
  /** Person id. */
  readonly person: string
  readonly reason: string
  /** `@id` of the policy whose gate they agree to; needed where more than one gate asks them. */
  readonly gate?: string
  /** What their passkey signed over this call and that gate, verified. */
  readonly presence?: PresenceProof
}

/** How an approval ends. */
interface Ending {
  readonly state: Exclude<ApprovalState, 'pending'>
  readonly type: string
  readonly reason: string
  readonly person?: string
  readonly agreements?: Approval['agreements']
  /** What its record says besides the reason. */
  readonly body?: JsonObject
}

/** Who belongs to which team, as gates ask for it. */
type Memberships = Pick<Teams, 'of'>

/** The approvals. Open ones are in memory, and come back after a restart; time goes on meanwhile. */
export class Approvals {
  readonly #ports: AuthorityPorts
  readonly #people: People
  readonly #teams: Memberships
  readonly #subjects: Subjects
  readonly #turns = new Turns()
  readonly #waiters = new Waiters()
  readonly #attention: Attention
  readonly #open = new Map<string, Held<Approval>>()
  readonly #byCall = new Map<string, string>()
  /** What persons refused lately, by call: asked again, such a call has its answer already. Lost in a restart. */
  readonly #refused = new Map<string, Approval>()

  private constructor(
    ports: AuthorityPorts,
    people: People,
    subjects: Subjects,
    teams: Memberships,
  ) {
    this.#ports = ports
    this.#people = people
    this.#teams = teams
    this.#attention = new Attention(ports.clock)
    this.#subjects = subjects
  }

  /** Reads every open approval that verifies. */
  static async load(
    ports: AuthorityPorts,
    people: People,
    subjects: Subjects,
    teams: Memberships,
  ): Promise<Approvals> {
    const approvals = new Approvals(ports, people, subjects, teams)
    const held = await ports.store.approvals.all({ state: ['pending', 'approved'] })
    for (const approval of held) approvals.#show(approval)
    return approvals
  }

  /**
   * Joins the open approval of the same call by the same instance, or asks for one. The request is durable when this
   * resolves, so nobody is asked about a call that left no record. `fresh` is false where it joined. A call that a person
   * refused is not put to people again while the refused approval would have lasted.
   */
  ask(ask: ApprovalAsk): Promise<{ readonly approval: Approval; readonly fresh: boolean }> {
    return this.#turns.run(async () => {
      if (ask.gates.length === 0) throw new TypeError('a hold without a gate is a denial')
      const { audit, clock, entropy, store } = this.#ports
      const key = callKey(ask.actor.instance, ask.callDigest)
      const refused = this.#refused.get(key)
      if (refused !== undefined && !this.#isDue(refused)) return { approval: refused, fresh: false }
      const there = await this.#current(this.#byCall.get(key))
      if (there !== undefined) return { approval: there.doc, fresh: false }
      await this.#subjects.ready(subjectOf(ask.actor.delegation?.person))
      const doc = pending(ask, uuidv7(clock, entropy), clock.now(), this.#subjects)
      const receipt = await audit.append(
        approvalRecord(
          'approval.requested',
          'decision',
          doc,
          doc.delegation?.person,
          requestBody(doc),
        ),
      )
      this.#show(await store.approvals.insert(doc, receipt))
      return { approval: doc, fresh: true }
    })
  }

  /** Open approvals, oldest first. */
  list(): readonly Approval[] {
    const open = [...this.#open.values()].map(({ doc }) => doc).filter((doc) => !this.#isDue(doc))
    return open.sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** Any approval, however it ended. Throws `approval.unknown`. */
  async get(id: string): Promise<Approval> {
    const held = this.#open.get(id) ?? (await this.#ports.store.approvals.get(id))
    if (held === undefined) throw fault('approval.unknown', 'there is no approval of this id')
    return held.doc
  }

  /** Notes that a person was shown a held call with its arguments, and so many characters of them. */
  looked(id: string, person: string, characters: number): void {
    this.#attention.looked(id, person, characters)
  }

  /** True where this person, agreeing now, would do so faster than anybody reads, or without having looked. */
  isHasty(id: string, person: string): boolean {
    return this.#attention.reading(id, person).hasty
  }

  /** Other calls that wait, of the same agent, for the same action, at the same gates: whoever answers one may want to see them all. */
  similar(approval: Approval): number {
    return alike(approval, this.list())
  }

  /** What the call would send, for who decides; undefined once the approval is final, or what is kept of its person was erased. */
  arguments(approval: Approval): JsonObject | undefined {
    return openArguments(approval, { subjects: this.#subjects, old: this.#ports.keys.encryption })
  }

  /** Agrees to one gate. The approval is `approved` once no gate waits for anybody. */
  approve(id: string, word: ApprovalWord): Promise<Approval> {
    return this.#decide(id, word, async (held, approver, reason) => {
      const now = this.#ports.clock.now()
      const gate = gateFor(held.doc, approver, word.gate, now)
      const { presence } = word
      if (gateRule(gate.name).present && presence === undefined) {
        throw fault('approval.presence', 'this gate asks for a passkey of the person who agrees')
      }
      const person = approver.person.id
      if (!this.#attention.mayAgree(person)) {
        throw fault('approval.rate', 'this person has agreed to thirty calls within a minute')
      }
      const { readMs } = this.#attention.reading(id, person)
      const said = { policy: gate.policy, person, reason, at: now, readMs }
      const doc = withAgreement(held.doc, { ...said, ...(presence && { presence }) })
      const body = { gate: gate.policy, readMs, ...(presence && { presence: { ...presence } }) }
      if (openGates(doc).length === 0) {
        const { agreements } = doc
        const ending = { state: 'approved', type: 'approval.approved', reason, person } as const
        return this.#move(held, { ...ending, agreements, body })
      }
      const receipt = await this.#ports.audit.append(
        approvalRecord('approval.agreed', 'admin', doc, person, { reason, ...body }),
      )
      return this.#replace(held, doc, receipt)
    })
  }

  /** The gate at which this person would agree, as `approve` finds it, and what their passkey would sign. Throws as it does. */
  async presenceAsk(id: string, word: Pick<ApprovalWord, 'person' | 'gate'>): Promise<PresenceAsk> {
    const approval = await this.get(id)
    const approver = this.approver(word.person)
    const now = this.#ports.clock.now()
    const refused = refusal(approval, approver, now)
    if (refused !== undefined) throw refused
    const { policy } = gateFor(approval, approver, word.gate, now)
    return { approval: id, callDigest: approval.callDigest, gate: policy, person: word.person }
  }

  /** Policies of the gates that wait for a person (an id) at this moment; none where that person is not here. */
  gatesOf(approval: Approval, person: string, now: number): readonly string[] {
    if (this.#people.get(person) === undefined) return []
    return gatesOf(approval, this.approver(person), now).map(({ policy }) => policy)
  }

  /** True where a gate of this call is about this person (an id), now or later. */
  concerns(approval: Approval, person: string): boolean {
    return this.#people.get(person) !== undefined && concerns(approval, this.approver(person))
  }

  /** Somebody as gates see them. Throws `person.unknown`. */
  approver(person: string): Approver {
    return { person: this.#people.find(person), teams: this.#teams.of(person) }
  }

  /** Refuses the call. One person whom any of its gates asks is enough. */
  deny(id: string, word: Pick<ApprovalWord, 'person' | 'reason'>): Promise<Approval> {
    return this.#decide(id, word, (held, { person }, reason) =>
      this.#move(held, { state: 'denied', type: 'approval.denied', reason, person: person.id }),
    )
  }

  /**
   * Uses an approval up for its call, once. When this resolves that is durable, in the record and in the row: if we crash
   * before the call runs, it has to be asked for again.
   */
  consume(id: string, callDigest: string): Promise<Approval> {
    return this.#turns.run(async () => {
      const held = await this.#current(id)
      if (held === undefined) throw await this.#closed(id)
      if (held.doc.callDigest !== callDigest) {
        throw fault('approval.other_call', 'this approval was given for another call')
      }
      if (held.doc.state !== 'approved') {
        throw fault('approval.not_approved', 'this approval is still pending')
      }
      const reason = 'the call that was approved runs'
      return this.#move(held, { state: 'consumed', type: 'approval.consumed', reason })
    })
  }

  /** Ends what has expired at `now` (ms since the epoch). Answers how many. */
  expireDue(now: number = this.#ports.clock.now()): Promise<number> {
    for (const [key, doc] of this.#refused) if (doc.expiresAt <= now) this.#refused.delete(key)
    return this.#endAll((doc) => doc.expiresAt <= now, {
      state: 'expired',
      type: 'approval.expired',
      reason: 'nobody decided in time',
    })
  }

  /** Ends one approval whose caller gave up; one that has ended already is left as it is. */
  void(id: string, reason: string): Promise<number> {
    return this.#void((doc) => doc.id === id, reason)
  }

  /** Ends the approvals of an instance that is no longer live. */
  voidForInstance(instance: string, reason: string): Promise<number> {
    return this.#void((doc) => isOf(doc, 'instance', instance), reason)
  }

  /** True while an approval of a call under this delegation is open. */
  waitUnder(delegation: string): boolean {
    return [...this.#open.values()].some(({ doc }) => doc.delegation?.id === delegation)
  }

  /** Ends the approvals of calls under a delegation that has ended. */
  voidForDelegation(delegation: string, reason: string): Promise<number> {
    return this.#void((doc) => doc.delegation?.id === delegation, reason)
  }

  /** True while an approval of a call for this task is open. */
  waitFor(task: string): boolean {
    return [...this.#open.values()].some(({ doc }) => doc.task?.id === task)
  }

  /** Ends the approvals of calls for a task that has ended. */
  voidForTask(task: string, reason: string): Promise<number> {
    return this.#void((doc) => doc.task?.id === task, reason)
  }

  /** Ends the approvals of an agent that may no longer act. */
  voidForAgent(agent: string, reason: string): Promise<number> {
    return this.#void((doc) => isOf(doc, 'agent', agent), reason)
  }

  /** Ends the approvals of calls on behalf of a person (an id): their arguments can be shown to nobody any more. */
  voidForPerson(person: string, reason: string): Promise<number> {
    return this.#void((doc) => doc.delegation?.person === person, reason)
  }

  /** Ends the approvals of every call that a lock on the target stops (INV-5). */
  voidCovered(target: LockTarget, reason: string): Promise<number> {
    return this.#void((doc) => covers(target, doc, doc.system, doc.action), reason)
  }

  /** Resolves with the approval as it is once it is no longer pending, has expired, after `ms`, or when `signal` aborts. */
  async wait(
    id: string,
    { ms, signal }: { readonly ms: number; readonly signal: AbortSignal },
  ): Promise<Approval> {
    const { clock, timer } = this.#ports
    const until = clock.now() + ms
    for (;;) {
      const approval = await this.get(id)
      // From here to `#woken` nothing is awaited: no change can come between the look and the wait.
      const now = clock.now()
      if (approval.state !== 'pending' || signal.aborted || now >= until) return approval
      if (this.#isDue(approval)) await this.expireDue(now)
      else await this.#woken(id, Math.min(until, approval.expiresAt) - now, signal, timer)
    }
  }

  #woken(
    id: string,
    ms: number,
    signal: AbortSignal,
    timer: AuthorityPorts['timer'],
  ): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel()
        leave()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const cancel = timer.after(ms, done)
      const leave = this.#waiters.add(id, done)
      signal.addEventListener('abort', done, { once: true })
    })
  }

  #decide(
    id: string,
    word: ApprovalWord,
    act: (held: Held<Approval>, approver: Approver, reason: string) => Promise<Approval>,
  ): Promise<Approval> {
    return this.#turns.run(async () => {
      const reason = checkedReason(word.reason)
      const approver = this.approver(word.person)
      const { person } = approver
      const held = await this.#current(id)
      const subject = held?.doc ?? (await this.get(id))
      try {
        if (held === undefined) throw await this.#closed(id)
        const refused = refusal(held.doc, approver, this.#ports.clock.now())
        if (refused !== undefined) throw refused
        return await act(held, approver, reason)
      } catch (error) {
        // Late, twice, or not theirs to say: that somebody tried stands in the record too.
        if (error instanceof Fault && error.code.startsWith('approval.')) {
          const body = { code: error.code, reason }
          await this.#ports.audit.append(
            approvalRecord('approval.refused', 'admin', subject, person.id, body),
          )
        }
        throw error
      }
    })
  }

  /** The open approval of an id. One that is due is ended first: the clock decides, not the sweep. */
  async #current(id: string | undefined): Promise<Held<Approval> | undefined> {
    const held = id === undefined ? undefined : this.#open.get(id)
    if (held === undefined || !this.#isDue(held.doc)) return held
    await this.#move(held, {
      state: 'expired',
      type: 'approval.expired',
      reason: 'nobody decided in time',
    })
    return undefined
  }

  async #closed(id: string): Promise<Fault> {
    const { state } = await this.get(id)
    return state === 'expired'
      ? fault('approval.expired', 'this approval has expired')
      : fault('approval.closed', `this approval is ${state} already`)
  }

  #void(matches: (doc: Approval) => boolean, reason: string): Promise<number> {
    return this.#endAll(matches, { state: 'void', type: 'approval.voided', reason })
  }

  #endAll(matches: (doc: Approval) => boolean, ending: Ending): Promise<number> {
    return this.#turns.run(async () => {
      const found = [...this.#open.values()].filter(({ doc }) => matches(doc))
      for (const held of found) await this.#move(held, ending)
      return found.length
    })
  }

  async #move(held: Held<Approval>, ending: Ending): Promise<Approval> {
    const { state, type, reason, person, body = {} } = ending
    const at = this.#ports.clock.now()
    const ended = { ...(person === undefined ? {} : { person }), reason, at }
    const agreements = ending.agreements ?? held.doc.agreements
    const base = { ...held.doc, state, agreements, ended }
    // The arguments are kept no longer than they are needed.
    const doc: Approval = isOpen(base) ? base : { ...base, sealed: '' }
    const phase = person === undefined ? 'lifecycle' : 'admin'
    const receipt = await this.#ports.audit.append(
      approvalRecord(type, phase, doc, person, { reason, ...body }),
    )
    return this.#replace(held, doc, receipt)
  }

  async #replace(
    held: Held<Approval>,
    doc: Approval,
    receipt: { readonly id: string; readonly leaf: string; readonly ts: string },
  ): Promise<Approval> {
    this.#show(await this.#ports.store.approvals.replace(held, doc, receipt))
    return doc
  }

  #show(held: Held<Approval>): void {
    const { doc } = held
    const key = callKey(doc.instance, doc.callDigest)
    if (isOpen(doc)) {
      this.#open.set(doc.id, held)
      this.#byCall.set(key, doc.id)
    } else {
      this.#open.delete(doc.id)
      if (this.#byCall.get(key) === doc.id) this.#byCall.delete(key)
    }
    if (doc.state === 'denied') this.#refused.set(key, doc)
    if (doc.state !== 'pending') this.#waiters.wake(doc.id)
  }

  #isDue(doc: Approval): boolean {
    return doc.expiresAt <= this.#ports.clock.now()
  }
}

/** True for the approvals of who is named, and of whoever acts under authority that they passed on. */
function isOf(doc: Approval, what: 'instance' | 'agent', name: string): boolean {
  return doc[what] === name || (doc.chain ?? []).some((one) => one[what] === name)
}

function callKey(instance: string, callDigest: string): string {
  return `${instance}\n${callDigest}`
}
