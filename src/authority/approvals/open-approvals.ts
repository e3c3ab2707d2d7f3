// Holds the approvals that are open: in memory and in the database, waited for, used up, and ended by whatever ends a call.

import type { Fault } from '../../std/fault.ts'
import { faults } from '../../std/fault.ts'
import type { JsonObject } from '../../std/json.ts'
import { isOpen, type Approval, type ApprovalState } from '../../store/rows/approval.ts'
import type { Amendment } from '../../store/rows/amendment.ts'
import type { LockTarget } from '../../store/rows/lock.ts'
import type { Held } from '../../store/signed-table.ts'
import type { Receipt } from '../../wire/record.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import { covers, type EquippedWith } from '../locks/target.ts'
import type { AuthorityPorts } from '../ports.ts'
import { Turns } from '../turns.ts'
import { alike } from './alike.ts'
import { givenBody } from './amendment-draft.ts'
import type { Amendments } from './amendments.ts'
import { approvalRecord } from './record.ts'
import { Waiters } from './waiters.ts'

const fault = faults(AUTHORITY_FAULTS)

/** How an approval ends, or goes on approved. */
export interface Ending {
  readonly state: Exclude<ApprovalState, 'pending'>
  readonly type: string
  readonly reason: string
  readonly person?: string
  readonly agreements?: Approval['agreements']
  /** What its record says besides the reason. */
  readonly body?: JsonObject
  /** What comes of it for the task: given in the same transaction. */
  readonly amendments?: readonly Amendment[]
}

/** Open approvals. They are in memory, and come back after a restart; time goes on meanwhile. */
export class OpenApprovals {
  protected readonly ports: AuthorityPorts
  /** What persons agreed to for whole tasks. */
  readonly amendments: Amendments
  protected readonly turns = new Turns()
  readonly #waiters = new Waiters()
  readonly #open = new Map<string, Held<Approval>>()
  readonly #byCall = new Map<string, string>()
  /** What persons refused lately, by call: asked again, such a call has its answer already. Lost in a restart. */
  readonly #refused = new Map<string, Approval>()

  /** True while every gate would ask whoever agreed there. */
  readonly #stands: (doc: Approval) => boolean

  protected constructor(
    ports: AuthorityPorts,
    amendments: Amendments,
    stands: (doc: Approval) => boolean,
  ) {
    this.ports = ports
    this.#stands = stands
    this.amendments = amendments
  }

  /** Open approvals, oldest first. */
  list(): readonly Approval[] {
    const open = [...this.#open.values()].map(({ doc }) => doc).filter((doc) => !this.#isDue(doc))
    return open.sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** Any approval, however it ended. Throws `approval.unknown`. */
  async get(id: string): Promise<Approval> {
    const held = this.#open.get(id) ?? (await this.ports.store.approvals.get(id))
    if (held === undefined) throw fault('approval.unknown', 'there is no approval of this id')
    return held.doc
  }

  /** Other calls that wait, of the same agent, for the same action, at the same gates: whoever answers one may want to see them all. */
  similar(approval: Approval): number {
    return alike(approval, this.list())
  }

  /**
   * Uses an approval up for its call, once. When this resolves that is durable, in the record and in the row: if we crash
   * before the call runs, it has to be asked for again.
   */
  consume(id: string, callDigest: string): Promise<Approval> {
    return this.turns.run(async () => {
      const held = await this.current(id)
      if (held === undefined) throw await this.closed(id)
      if (held.doc.callDigest !== callDigest) {
        throw fault('approval.other_call', 'this approval was given for another call')
      }
      if (held.doc.state !== 'approved') {
        throw fault('approval.not_approved', 'this approval is still pending')
      }
      if (!this.#stands(held.doc)) {
        const reason = 'somebody who agreed may not agree there any more'
        await this.move(held, { state: 'void', type: 'approval.voided', reason })
        throw await this.closed(id)
      }
      const reason = 'the call that was approved runs'
      return this.move(held, { state: 'consumed', type: 'approval.consumed', reason })
    })
  }

  /** Ends what has expired at `now` (ms since the epoch). Answers how many. */
  expireDue(now: number = this.ports.clock.now()): Promise<number> {
    for (const [key, doc] of this.#refused) if (doc.expiresAt <= now) this.#refused.delete(key)
    return this.#endAll((doc) => doc.expiresAt <= now, EXPIRED)
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
  voidCovered(target: LockTarget, reason: string, equipped: EquippedWith): Promise<number> {
    return this.#void((doc) => covers(target, doc, doc.system, doc.action, equipped), reason)
  }

  /** Resolves with the approval as it is once it is no longer pending, has expired, after `ms`, or when `signal` aborts. */
  async wait(
    id: string,
    { ms, signal }: { readonly ms: number; readonly signal: AbortSignal },
  ): Promise<Approval> {
    const { clock, timer } = this.ports
    const until = clock.now() + ms
    for (;;) {
      const approval = await this.get(id)
      // From here to `woken` nothing is awaited: no change can come between the look and the wait.
      const now = clock.now()
      if (approval.state !== 'pending' || signal.aborted || now >= until) return approval
      if (this.#isDue(approval)) await this.expireDue(now)
      else {
        const left = Math.min(until, approval.expiresAt) - now
        await this.#waiters.woken(id, left, signal, timer)
      }
    }
  }

  /** What persons have said lately of the very same call; undefined where nobody refused it. */
  protected refused(instance: string, callDigest: string): Approval | undefined {
    const refused = this.#refused.get(callKey(instance, callDigest))
    return refused !== undefined && !this.#isDue(refused) ? refused : undefined
  }

  /** The open approval of the very same call. */
  protected ofCall(instance: string, callDigest: string): Promise<Held<Approval> | undefined> {
    return this.current(this.#byCall.get(callKey(instance, callDigest)))
  }

  /** The open approval of an id. One that is due is ended first: the clock decides, not the sweep. */
  protected async current(id: string | undefined): Promise<Held<Approval> | undefined> {
    const held = id === undefined ? undefined : this.#open.get(id)
    if (held === undefined || !this.#isDue(held.doc)) return held
    await this.move(held, EXPIRED)
    return undefined
  }

  protected async closed(id: string): Promise<Fault> {
    const { state } = await this.get(id)
    return state === 'expired'
      ? fault('approval.expired', 'this approval has expired')
      : fault('approval.closed', `this approval is ${state} already`)
  }

  protected async move(held: Held<Approval>, ending: Ending): Promise<Approval> {
    const { state, type, reason, person, body = {}, amendments = [] } = ending
    const at = this.ports.clock.now()
    const ended = { ...(person === undefined ? {} : { person }), reason, at }
    const agreements = ending.agreements ?? held.doc.agreements
    const base = { ...held.doc, state, agreements, ended }
    // The arguments are kept no longer than they are needed.
    const doc: Approval = isOpen(base) ? base : { ...base, sealed: '' }
    const phase = person === undefined ? 'lifecycle' : 'admin'
    const receipt = await this.ports.audit.append(
      approvalRecord(type, phase, doc, person, { reason, ...body }),
    )
    if (amendments.length > 0) return this.#give(held, doc, receipt, amendments)
    return this.replace(held, doc, receipt)
  }

  protected async replace(
    held: Held<Approval>,
    doc: Approval,
    receipt: Receipt,
  ): Promise<Approval> {
    this.showApproval(await this.ports.store.approvals.replace(held, doc, receipt))
    return doc
  }

  protected showApproval(held: Held<Approval>): void {
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

  /** The approval and what comes of it for the task: all of it is in force, or none. */
  async #give(
    held: Held<Approval>,
    doc: Approval,
    receipt: Receipt,
    amendments: readonly Amendment[],
  ): Promise<Approval> {
    const receipts: Receipt[] = []
    for (const one of amendments) {
      const draft = approvalRecord('amendment.given', 'admin', doc, doc.ended?.person, {})
      const task = { task: one.task }
      receipts.push(await this.ports.audit.append({ ...draft, ...task, body: givenBody(one, doc) }))
    }
    const { approval, given } = await this.ports.store.atomically(async (tables) => {
      const rows: Held<Amendment>[] = []
      for (const [at, one] of amendments.entries()) {
        rows.push(await tables.amendments.insert(one, receipts[at]!))
      }
      return { approval: await tables.approvals.replace(held, doc, receipt), given: rows }
    })
    for (const one of given) this.amendments.show(one)
    this.showApproval(approval)
    return doc
  }

  #void(matches: (doc: Approval) => boolean, reason: string): Promise<number> {
    return this.#endAll(matches, { state: 'void', type: 'approval.voided', reason })
  }

  #endAll(matches: (doc: Approval) => boolean, ending: Ending): Promise<number> {
    return this.turns.run(async () => {
      const found = [...this.#open.values()].filter(({ doc }) => matches(doc))
      for (const held of found) await this.move(held, ending)
      return found.length
    })
  }

  #isDue(doc: Approval): boolean {
    return doc.expiresAt <= this.ports.clock.now()
  }
}

const EXPIRED: Ending = {
  state: 'expired',
  type: 'approval.expired',
  reason: 'nobody decided in time',
}

/** True for the approvals of who is named, and of whoever acts under authority that they passed on. */
function isOf(doc: Approval, what: 'instance' | 'agent', name: string): boolean {
  return doc[what] === name || (doc.chain ?? []).some((one) => one[what] === name)
}

function callKey(instance: string, callDigest: string): string {
  return `${instance}\n${callDigest}`
}
