// Holds the approvals: calls that wait at a gate until persons agree, refuse, or time runs out (INV-6).

import { Fault, faults } from '../../std/fault.ts'
import { uuidv7 } from '../../std/id.ts'
import type { JsonObject } from '../../std/json.ts'
import { subjectOf, type Subjects } from '../../audit/side/subjects.ts'
import type { Agreement, Approval } from '../../store/rows/approval.ts'
import type { Task } from '../../store/rows/task.ts'
import type { Held } from '../../store/signed-table.ts'
import type { TaskTerms } from '../../wire/amendment.ts'
import type { Gate } from '../../wire/decision.ts'
import { gateRule } from '../../wire/gate.ts'
import type { PresenceAsk, PresenceProof } from '../../wire/presence.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import type { People } from '../registry/people.ts'
import type { Tasks } from '../tasks/tasks.ts'
import type { Teams } from '../registry/teams.ts'
import {
  agreedTerms,
  checkPresence,
  keptTerms,
  openTerms,
  termsBody,
  type AgreedTerms,
} from './agreed.ts'
import { draftsOf } from './amendment-draft.ts'
import { openAhead, type AheadAsk } from './ahead.ts'
import { amendmentFault } from './amendment-faults.ts'
import { Amendments } from './amendments.ts'
import { AskRate } from './ask-rate.ts'
import { checkedTerms } from './bounds.ts'
import { Attention } from './attention.ts'
import { openArguments, pending, type ApprovalAsk } from './ask.ts'
import { passedOn, type EscalationWord } from './escalation.ts'
import { approverNow } from './newcomer.ts'
import { OpenApprovals } from './open-approvals.ts'
import { approvalRecord, requestBody } from './record.ts'
import {
  concerns,
  gateFor,
  gatesOf,
  openGates,
  refusal,
  standsStill,
  withAgreement,
  type Approver,
} from './verdict.ts'

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
  /** Present where they agree for the whole task, on these terms; absent: to this one call. */
  readonly forTask?: TaskTerms
}

/** What approvals ask of the other parts of the authority. */
export interface ApprovalParts {
  readonly people: People
  readonly subjects: Subjects
  /** Who belongs to which team, as gates ask for it. */
  readonly teams: Pick<Teams, 'of' | 'since'>
  readonly tasks: Pick<Tasks, 'current'>
  /** How long somebody newly asked waits before they may decide (ms). */
  readonly approverMs: number
}

/** The approvals, and what persons say of them. */
export class Approvals extends OpenApprovals {
  readonly #parts: ApprovalParts
  readonly #attention: Attention
  readonly #rate: AskRate

  private constructor(
    ports: AuthorityPorts,
    parts: ApprovalParts,
    known: (person: string) => Approver | undefined,
    amendments: Amendments,
  ) {
    super(ports, amendments, (doc) => standsStill(doc, known))
    this.#parts = parts
    this.#attention = new Attention(ports.clock)
    this.#rate = new AskRate(ports.clock)
  }

  /** Reads every open approval, and every active amendment, that verifies. */
  static async load(ports: AuthorityPorts, parts: ApprovalParts): Promise<Approvals> {
    const { people, subjects, tasks } = parts
    const known = (id: string): Approver | undefined => {
      const person = people.get(id)
      return person && approverNow(person, parts, ports.clock.now())
    }
    const amendments = await Amendments.load(ports, {
      subjects,
      approver: known,
      isOpen: (id) => tasks.current(id) !== undefined,
    })
    const approvals = new Approvals(ports, parts, known, amendments)
    const held = await ports.store.approvals.all({ state: ['pending', 'approved'] })
    for (const approval of held) approvals.showApproval(approval)
    return approvals
  }

  /**
   * Joins the open approval of the same call by the same instance, or asks for one. The request is durable when this
   * resolves, so nobody is asked about a call that left no record. `fresh` is false where it joined. A call that a person
   * refused is not put to people again while the refused approval would have lasted.
   */
  ask(ask: ApprovalAsk): Promise<{ readonly approval: Approval; readonly fresh: boolean }> {
    return this.turns.run(async () => {
      if (ask.gates.length === 0) throw new TypeError('a hold without a gate is a denial')
      const { audit, clock, entropy, store } = this.ports
      const { subjects } = this.#parts
      const { instance } = ask.actor
      if (ask.ahead !== undefined) this.#checkAhead(ask, ask.ahead)
      const refused = this.refused(instance, ask.callDigest)
      if (refused !== undefined) return { approval: refused, fresh: false }
      const there = await this.ofCall(instance, ask.callDigest)
      if (there !== undefined) return { approval: there.doc, fresh: false }
      if (ask.ahead !== undefined) this.#rate.take(`${ask.actor.agent} ${ask.actor.task?.id ?? ''}`)
      await subjects.ready(subjectOf(ask.actor.delegation?.person))
      const doc = pending(ask, uuidv7(clock, entropy), clock.now(), subjects)
      const receipt = await audit.append(
        approvalRecord(
          'approval.requested',
          'decision',
          doc,
          doc.delegation?.person,
          requestBody(doc),
        ),
      )
      this.showApproval(await store.approvals.insert(doc, receipt))
      return { approval: doc, fresh: true }
    })
  }

  /** Notes that a person was shown a held call with its arguments, and so many characters of them. */
  looked(id: string, person: string, characters: number): void {
    this.#attention.looked(id, person, characters)
  }

  /** True where this person, agreeing now, would do so faster than anybody reads, or without having looked. */
  isHasty(id: string, person: string): boolean {
    return this.#attention.reading(id, person).hasty
  }

  /** What the call would send, for who decides; undefined once the approval is final, or what is kept of its person was erased. */
  arguments(approval: Approval): JsonObject | undefined {
    const { subjects } = this.#parts
    return openArguments(approval, { subjects, old: this.ports.keys.encryption })
  }

  /** The terms of an agreement for the task; undefined for one to a single call, or where they were erased. */
  terms(approval: Approval, agreement: Agreement): TaskTerms | undefined {
    return openTerms(approval, agreement, this.#parts.subjects)
  }

  /** What an agent asks for ahead; undefined for a call that it made, or where that was erased. */
  ahead(approval: Approval): AheadAsk | undefined {
    return openAhead(approval, this.#parts.subjects)
  }

  /** Agrees to one gate. The approval is `approved` once no gate waits for anybody. */
  approve(id: string, word: ApprovalWord): Promise<Approval> {
    return this.#decide(id, word, async (held, approver, reason) => {
      const now = this.ports.clock.now()
      const gate = gateFor(held.doc, approver, word.gate, now)
      const person = approver.person.id
      const agreed = this.#terms(held.doc, gate, word)
      if (!this.#attention.mayAgree(person)) {
        throw fault('approval.rate', 'this person has agreed to thirty calls within a minute')
      }
      const { presence } = word
      const { readMs } = this.#attention.reading(id, person)
      const doc = withAgreement(held.doc, {
        policy: gate.policy,
        person,
        reason,
        at: now,
        readMs,
        ...(presence && { presence }),
        ...(agreed && { task: keptTerms(held.doc, agreed, this.#parts.subjects) }),
      })
      const body = {
        gate: gate.policy,
        readMs,
        ...(presence && { presence: { ...presence } }),
        ...(agreed && termsBody(agreed)),
      }
      if (openGates(doc).length === 0) {
        const { agreements } = doc
        // What was asked ahead has no call that could use it up: what comes of it is there at once.
        const state = doc.ahead === undefined ? 'approved' : 'consumed'
        const ending = { state, type: 'approval.approved', reason, person } as const
        const amendments = this.#drafts(doc, now)
        return this.move(held, { ...ending, agreements, body, amendments })
      }
      const receipt = await this.ports.audit.append(
        approvalRecord('approval.agreed', 'admin', doc, person, { reason, ...body }),
      )
      return this.replace(held, doc, receipt)
    })
  }

  /** The gate at which this person would agree, as `approve` finds it, and what their passkey would sign. Throws as it does. */
  async presenceAsk(
    id: string,
    word: Pick<ApprovalWord, 'person' | 'gate' | 'forTask'>,
  ): Promise<PresenceAsk> {
    const approval = await this.get(id)
    const approver = this.approver(word.person)
    const now = this.ports.clock.now()
    const refused = refusal(approval, approver, now)
    if (refused !== undefined) throw refused
    const { policy } = gateFor(approval, approver, word.gate, now)
    const forTask = word.forTask ?? this.ahead(approval)?.terms
    const agreed = forTask && this.#agreedTerms(approval, forTask)
    return presenceOf(approval, policy, word.person, agreed)
  }

  /** Policies of the gates that wait for a person (an id) at this moment; none where that person is not here. */
  gatesOf(approval: Approval, person: string, now: number): readonly string[] {
    if (this.#parts.people.get(person) === undefined) return []
    return gatesOf(approval, this.approver(person), now).map(({ policy }) => policy)
  }

  /** True where a gate of this call is about this person (an id), now or later. */
  concerns(approval: Approval, person: string): boolean {
    const here = this.#parts.people.get(person) !== undefined
    return here && concerns(approval, this.approver(person))
  }

  /** Somebody as gates see them. Throws `person.unknown`. */
  approver(person: string): Approver {
    return approverNow(this.#parts.people.find(person), this.#parts, this.ports.clock.now())
  }

  /** Refuses the call. One person whom any of its gates asks is enough. */
  deny(id: string, word: Pick<ApprovalWord, 'person' | 'reason'>): Promise<Approval> {
    return this.#decide(id, word, (held, { person }, reason) =>
      this.move(held, { state: 'denied', type: 'approval.denied', reason, person: person.id }),
    )
  }

  /** Passes the request on to somebody whom the gate names, who then agrees there alone. */
  escalate(id: string, word: EscalationWord): Promise<Approval> {
    return this.#decide(id, word, async (held, approver, reason) => {
      const said = { reason, now: this.ports.clock.now() }
      const { doc, policy } = passedOn(held.doc, approver, word, said)
      const body = { reason, gate: policy, to: word.to, expiresAt: doc.expiresAt }
      const receipt = await this.ports.audit.append(
        approvalRecord('approval.escalated', 'admin', doc, approver.person.id, body),
      )
      return this.replace(held, doc, receipt)
    })
  }

  /** On what terms they agree for the task, where they do; the gate may ask for a passkey over exactly that. */
  #terms(approval: Approval, gate: Gate, word: ApprovalWord): AgreedTerms | undefined {
    const { presence, person } = word
    const forTask = word.forTask ?? this.ahead(approval)?.terms
    const { present } = gateRule(gate.name)
    if (present && presence === undefined) {
      throw fault('approval.presence', 'this gate asks for a passkey of the person who agrees')
    }
    if (forTask === undefined) {
      if (approval.ahead === undefined) return undefined
      throw fault('approval.closed', 'what was asked for was erased')
    }
    const agreed = this.#agreedTerms(approval, forTask)
    if (present && presence !== undefined) {
      checkPresence(presence, presenceOf(approval, gate.policy, person, agreed))
    }
    return agreed
  }

  /** Nobody is asked for what nobody could agree to. Throws `amendment.no_task`, `amendment.terms`. */
  #checkAhead({ actor, input }: ApprovalAsk, { terms, why }: AheadAsk): void {
    if (actor.task === undefined || this.#parts.tasks.current(actor.task.id) === undefined) {
      throw amendmentFault(
        'amendment.no_task',
        'what is asked ahead is for a task, and there is none',
      )
    }
    checkedReason(why)
    checkedTerms(terms, input)
  }

  #agreedTerms(approval: Approval, forTask: TaskTerms): AgreedTerms {
    const { subjects } = this.#parts
    const input = this.arguments(approval)
    return agreedTerms(approval, forTask, { input, task: this.#task(approval), subjects })
  }

  #drafts(approval: Approval, now: number) {
    const { clock, entropy } = this.ports
    return draftsOf(approval, {
      subjects: this.#parts.subjects,
      id: () => uuidv7(clock, entropy),
      input: this.arguments(approval),
      taskEnds: this.#task(approval)?.endsAt,
      now,
    })
  }

  /** The task of a held call, while it is open. */
  #task({ task }: Approval): Task | undefined {
    return task && this.#parts.tasks.current(task.id)
  }

  #decide(
    id: string,
    word: Pick<ApprovalWord, 'person' | 'reason'>,
    act: (held: Held<Approval>, approver: Approver, reason: string) => Promise<Approval>,
  ): Promise<Approval> {
    return this.turns.run(async () => {
      const reason = checkedReason(word.reason)
      const approver = this.approver(word.person)
      const { person } = approver
      const held = await this.current(id)
      const subject = held?.doc ?? (await this.get(id))
      try {
        if (held === undefined) throw await this.closed(id)
        const refused = refusal(held.doc, approver, this.ports.clock.now())
        if (refused !== undefined) throw refused
        return await act(held, approver, reason)
      } catch (error) {
        // Late, twice, or not theirs to say: that somebody tried stands in the record too.
        if (error instanceof Fault && /^(approval|amendment)\./.test(error.code)) {
          const body = { code: error.code, reason }
          await this.ports.audit.append(
            approvalRecord('approval.refused', 'admin', subject, person.id, body),
          )
        }
        throw error
      }
    })
  }
}

/** What a passkey signs: this call, at one gate, and the terms where they agree for the task. */
function presenceOf(
  { id: approval, callDigest }: Approval,
  gate: string,
  person: string,
  agreed: AgreedTerms | undefined,
): PresenceAsk {
  const terms = agreed?.commitment
  return { approval, callDigest, gate, person, ...(terms !== undefined && { terms }) }
}
