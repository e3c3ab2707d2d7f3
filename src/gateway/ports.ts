// Holds what the gateway needs from others: `server/` fills these in process, or over the network.

import type { Clock } from '../std/clock.ts'
import type { Entropy } from '../std/entropy.ts'
import type { JsonObject } from '../std/json.ts'
import type { Actor } from '../wire/actor.ts'
import type { Decision, DecisionRequest, Gate } from '../wire/decision.ts'
import type { CheckVerdict } from '../wire/check.ts'
import type { Effect } from '../wire/effect.ts'
import type { HistoryFacts } from '../wire/history.ts'
import type { KeptKind } from '../wire/obligation.ts'
import type { Observe } from '../wire/observation.ts'
import type { Presented, Unauthenticated } from '../wire/presented.ts'
import type { AuditSink } from '../wire/record.ts'
import type { Measured, Reservation, Spent } from '../wire/reserve.ts'
import type { ServerIdentity, SystemDefinition } from '../wire/system.ts'
import type { Span, TraceContext } from '../wire/trace.ts'
import type { Denial } from './denial.ts'
import type { Equipment } from './equipment.ts'
import type { Described } from './upstream/definition.ts'
import type { Drift } from './upstream/drift.ts'
import type { PeerCheck } from './upstream/peer.ts'

/** Who is behind a credential. Synchronous: answered from a view in memory. */
export interface IdentityPort {
  /** Who is behind what a request presents, made anew from what holds now; or why that is worth nothing. */
  actorOf(presented: Presented): Actor | Unauthenticated
  /**
   * Makes sure that `actorOf` can answer for what a request presents: asked before it, at the way in. Undefined where there is nothing to wait
   * for, because everybody is known in this process.
   */
  recognise(presented: Presented): Promise<void> | undefined
  /** Told when an instance is no longer live, so that what waits for it ends. Returns the way to stop listening. */
  onGone(listener: (instance: string) => void): () => void
  /** Told when a delegation has ended, once for each, also for those below it. Returns the way to stop listening. */
  onDelegationEnd(listener: (delegation: string) => void): () => void
  /** Told when a task has ended, once for each. Returns the way to stop listening. */
  onTaskEnd(listener: (task: string) => void): () => void
}

/** A lock as far as a call is concerned. */
export interface LockView {
  readonly id: string
  readonly reason: string
  /** What is locked, e.g. `agent support-bot`. */
  readonly target: string
}

/** Locks in force. Synchronous, and told of at once. */
export interface LockPort {
  find(actor: Actor, system: string, action: string): LockView | undefined
  /** Called synchronously after a lock is in force. Returns the way to stop listening. */
  onChange(listener: () => void): () => void
  /** Age of this view in milliseconds, the larger of monotonic and wall time (INV-5). */
  ageMs(): number
  /** How old it may be for a call of this action (ms); of no action, for whatever is known of the system. */
  leaseMs(system: string, action: string): number
}

/** Registered systems, as pinned. */
export interface SystemPort {
  get(name: string): SystemDefinition | undefined
  /** The environment of a system; `default` where it names none. */
  environmentOf(name: string): string
  /** All of them, by name. */
  all(): readonly SystemDefinition[]
}

/**
 * What systems show of themselves, held against what people pinned. Whatever differs is quarantined before the answer is given: what is
 * asked here is what stops a call.
 */
export interface PinPort {
  /**
   * Asked before a program is started: whether it is the one that was pinned. Rejects with `resolve.quarantined` where it is not, and
   * with `upstream.start` where its files cannot be read.
   */
  admits(system: SystemDefinition): Promise<void>
  /** Who may be at the other end of a connection; undefined where nothing is pinned that could tell. */
  peer(system: SystemDefinition): PeerCheck | undefined
  /** Told what a server says that it is, at the start of every conversation and whenever its lists changed. Which calls stop at it. */
  showed(system: SystemDefinition, described: Described): Drift | undefined
  /** Told by another gateway that somebody else is there than the one who was pinned. */
  stranger(system: SystemDefinition, now: ServerIdentity): Drift | undefined
  /** True where a call waits for a person to look at what changed. */
  quarantined(system: string, action: string, input: JsonObject): boolean
}

/** What a system asks back of its caller: its method and params. */
export interface SystemQuestion {
  readonly method: string
  readonly params: JsonObject
  /** Why it cannot be put whatever policy says; absent: it can. */
  readonly problem?: string
  /** True where nobody records it any more if it is refused: there were many. */
  readonly unrecorded: boolean
  /** True for the last refusal that is recorded. */
  readonly last: boolean
}

/** Decides what systems ask back, and records it: each question is a call whose principal is the system (DESIGN §2). */
export interface AskPort {
  /** Why it may not be put; undefined where it may be, and is on record. Rejects where it cannot be recorded. */
  refuses(
    actor: Actor,
    system: SystemDefinition,
    question: SystemQuestion,
  ): Promise<string | undefined>
  /** Records how it was answered; never fails. */
  answered(actor: Actor, system: SystemDefinition, method: string, status: string): void
}

/** What calls set off. Synchronous: answered from a graph in memory. */
export interface EffectPort {
  /** The actions that a call would set off, itself not among them, and the effect labels of all of those. */
  of(
    system: string,
    action: string,
  ): { readonly triggers: readonly string[]; readonly triggered: readonly Effect[] }
  /** Begins the span of a call that goes out now, in the trace that it came in: for the upstream and never for the agent. */
  sent(
    call: { readonly id: string; readonly system: string; readonly action: string },
    within?: TraceContext,
  ): Span
  /**
   * Told of the trace context that a call, or an answer, came with: where a call of ours went out in it, that one leads here. Returns the
   * id of that call, as only its upstream can have made it known.
   */
  arrived(at: TraceContext, system: string, action: string): string | undefined
}

/** A call before it runs: who, what, and what it would use up. */
export interface Reserving {
  readonly actor: Actor
  readonly system: string
  readonly action: string
  readonly measured: Measured
}

/**
 * What lineages have done, and what tasks and limits leave over. Synchronous, from memory. One gateway has all of it in its own
 * process, which makes every budget exact; where several share one, `reserve` is what the shared store answers, and the intent record
 * is the durable truth in either case.
 */
export interface HistoryPort {
  /** What policy sees of the lineage before this call. */
  facts(actor: Actor, system: string, action: string): HistoryFacts
  /** Why a call would be refused for what it uses up; nothing is taken. */
  check(call: Reserving): Spent | undefined
  /** Takes what a call uses up. In the turn of the decision, with nothing awaited in between; the intent is recorded in the same turn. */
  reserve(call: Reserving): Reservation | Spent
  /** Counts a refusal. Its record is appended in the same turn. */
  denied(actor: Actor, system: string, action: string): void
  /** Counts a failure at the system. Its record is appended in the same turn. */
  failed(actor: Actor, system: string, action: string): void
  /** Takes up data labels of an answer that was passed on, for the lineage. Its record is appended in the same turn. */
  labelled(actor: Actor, labels: readonly string[]): void
}

/** The policy set in force. Never throws: what goes wrong inside is a deny. */
export interface PolicyPort {
  decide(request: DecisionRequest): Decision
  /** Why every call of a system is denied, because it changed under the policies; undefined where they hold with it. */
  isolation(system: string): string | undefined
  /** False only where the decision would be a denial whatever the arguments were. */
  mayCall(request: Omit<DecisionRequest, 'input' | 'setAside'>): boolean
  /** Makes sure that `mayCall` can answer for an actor at these systems. Undefined where there is nothing to wait for. */
  prepare(actor: Actor, systems: readonly string[]): Promise<void> | undefined
  /** What the agent is told of a denial besides its reason: what helps it do right, and nothing that helps it probe. */
  advise(request: DecisionRequest, decision: Decision): readonly string[]
  /** True where observe mode lets a call go on that was denied so: never beyond what INV-2 allows. */
  observeOpens(request: DecisionRequest, decision: Decision): boolean
}

/** Who is being observed. Synchronous: answered from a view in memory. */
export interface ObservingPort {
  /** True while observe mode is on for the agent: set by a person, not ended, not at its end. */
  observed(agent: string): boolean
}

/** Keeps decided calls for replay. Never waits, never throws: a call is none the worse for it. */
export interface TrafficPort {
  /** Takes the first decision about a call, with everything that it was taken from. */
  keep(call: string, request: DecisionRequest, decision: Decision): void
}

/** What an approval is asked for: this exact call (INV-6). */
export interface ApprovalAsk {
  readonly callDigest: string
  readonly call: string
  readonly actor: Actor
  readonly system: string
  readonly action: string
  readonly input: JsonObject
  readonly effects: readonly string[]
  readonly definition: string
  readonly policySet: string
  readonly gates: readonly Gate[]
  readonly reason: string
}

/** What an agent asks for before it needs it: calls like one that it has not made, for its task. */
export interface AheadAsk extends ApprovalAsk {
  readonly ahead: {
    readonly terms: {
      readonly count: number
      readonly forMs: number
      readonly loosen: readonly string[]
    }
    /** Its own words: evidence for nobody. */
    readonly why: string
  }
}

/** State of an approval as a call sees it. */
export interface ApprovalView {
  readonly id: string
  readonly state: 'pending' | 'approved' | 'denied' | 'expired' | 'void' | 'consumed'
  /** True when this call asked, false when it joined one that was there. */
  readonly fresh: boolean
  /** Where a person can read what is asked; carries no authority. */
  readonly url: string
  /** ms since the epoch. */
  readonly expiresAt: number
  /** `@id`s that the approval sets aside. */
  readonly setAside: readonly string[]
  /** What the person said, for the agent. */
  readonly answer?: string
}

/** A held call, as far as what was agreed for its task is concerned. */
export type AmendedAsk = Pick<
  ApprovalAsk,
  'call' | 'actor' | 'system' | 'action' | 'input' | 'definition' | 'policySet' | 'gates'
>

/** What persons agreed to for the task of a held call. */
export interface AmendedView {
  /** Ids of the amendments, one for each gate. */
  readonly amendments: readonly string[]
  /** `@id`s that they set aside for this call. */
  readonly setAside: readonly string[]
}

/** Held calls. */
export interface ApprovalPort {
  /** What lifts every gate of this call, where persons agreed for its task. Synchronous, and takes nothing. */
  amended(ask: AmendedAsk): AmendedView | undefined
  /** Uses that up for this call, durably, all of it or nothing. False when it is not there (any more). */
  useAmended(view: AmendedView, ask: AmendedAsk): Promise<boolean>
  /** Joins the approval of the same call by the same instance, or asks; the request is durable when it resolves. */
  ask(ask: ApprovalAsk): Promise<ApprovalView>
  /** The same for calls that were not made; a Denial where nobody is asked. What was agreed to is `approved`. */
  askAhead(ask: AheadAsk): Promise<ApprovalView | Denial>
  /** Resolves when the state is no longer pending, after `ms`, or when `signal` aborts, with the state then. */
  wait(
    id: string,
    options: { readonly ms: number; readonly signal: AbortSignal },
  ): Promise<ApprovalView>
  /** Uses the approval up for this call, durably. False when it cannot be used (any more). */
  consume(id: string, callDigest: string): Promise<boolean>
  /** Ends a pending approval whose caller gave up. */
  void(id: string, reason: string): Promise<void>
}

/** A call as far as credentials look at it. */
export interface Equippable {
  readonly id: string
  readonly actor: Actor
  readonly system: SystemDefinition
  /** Leaf hash of the durable intent; absent: there is none yet. */
  readonly intent?: string
  readonly request: { readonly control: { readonly signal: AbortSignal } }
}

/** Credentials of systems, for one call at a time. */
export interface CredentialPort {
  /**
   * What this call goes out with: synchronous where nothing has to be fetched. Asked after the intent is durable, which `intent` shows,
   * and recorded by `used`; given up when the call's control ends it. Rejects with a `credential.*` Fault where the system cannot be called for this actor.
   */
  equip(call: Equippable): Equipment | Promise<Equipment>
}

/** Commitments to what must not stand in the log: equal for equal text in one home, and nothing to guess from. */
export interface CommitmentPort {
  /** `hmac-sha256:<base64url>` under a key of the person on whose behalf (an id), or of the home where there is none. */
  commit(text: string, person?: string): string
}

/** Keeps what calls send and get back, where policy asks for it. */
export interface PayloadPort {
  /** Takes one payload: synchronous, and never fails. False where there is no room for it; the outcome says so. */
  keep(payload: {
    readonly kind: KeptKind
    readonly call: string
    /** Leaf hash of the call's intent. */
    readonly leaf: string
    /** Person id on whose behalf; undefined: nobody's. */
    readonly person: string | undefined
    readonly text: string
    readonly days: number
  }): boolean
}

/** Where the gateway tells what it sees besides records. */
export interface WatchPort {
  /** Counts a refusal of somebody unauthenticated; aggregated into records elsewhere. */
  refused(kind: string): void
  /** Something for the operator's own log. Never a secret. */
  note(event: string, facts: Readonly<Record<string, string | number>>): void
}

/** How many records an instance may cause. */
export interface RecordQuotaPort {
  /** Why one more is too many at this moment, and for how long; what is refused so is counted in the record. Undefined where it is not. */
  over(instance: string): { readonly detail: string; readonly retryAfterMs: number } | undefined
}

/** What agents can keep of a record, as evidence. */
export interface ReceiptPort {
  /** The signed promise that the record with this leaf hash stands in the log in time; undefined once it is not among the newest. */
  of(leaf: string): JsonObject | undefined
}

/** A held call, as a check is asked about it. */
export interface CheckAsk {
  /** Name of the check. */
  readonly check: string
  readonly call: string
  /** Digest of actor, delegation, action, arguments and definition: what the answer is signed over. */
  readonly digest: string
  readonly actor: Actor
  readonly system: string
  readonly action: string
  readonly definition: string
  readonly effects: readonly string[]
  readonly input: JsonObject
  readonly signal: AbortSignal
}

/** Programs that gates name in place of people. Never rejects: what went wrong is no answer. */
export interface CheckPort {
  ask(of: CheckAsk): Promise<CheckVerdict>
}

/** Everything that the gateway needs. */
export interface Ports {
  readonly clock: Clock
  readonly entropy: Entropy
  readonly identities: IdentityPort
  readonly locks: LockPort
  readonly systems: SystemPort
  readonly pins: PinPort
  readonly asks: AskPort
  readonly effects: EffectPort
  readonly history: HistoryPort
  readonly policy: PolicyPort
  readonly observing: ObservingPort
  readonly traffic: TrafficPort
  readonly approvals: ApprovalPort
  readonly checks: CheckPort
  readonly credentials: CredentialPort
  readonly commitments: CommitmentPort
  readonly payloads: PayloadPort
  readonly audit: AuditSink
  readonly recordQuota: RecordQuotaPort
  readonly receipts: ReceiptPort
  readonly watch: WatchPort
  /** Takes what was seen of a credential in use, for detectors. */
  readonly observe: Observe
}

/** What surfaces, and the ways to systems, need: the rest is asked by the spine alone, wherever that runs. */
export type SurfacePorts = Pick<
  Ports,
  | 'clock'
  | 'entropy'
  | 'identities'
  | 'locks'
  | 'systems'
  | 'pins'
  | 'asks'
  | 'observing'
  | 'commitments'
  | 'receipts'
  | 'watch'
  | 'observe'
> & {
  readonly effects: Pick<EffectPort, 'of' | 'arrived'>
  readonly policy: Pick<PolicyPort, 'isolation' | 'mayCall' | 'prepare'>
}
