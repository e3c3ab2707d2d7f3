// Holds the gateway's ports filled with small, honest fakes that a test can steer.

import { createHmac } from 'node:crypto'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import type { Actor } from '../../src/wire/actor.ts'
import type { Answer, Decision, DecisionRequest } from '../../src/wire/decision.ts'
import type { CheckVerdict } from '../../src/wire/check.ts'
import type { Obligations } from '../../src/wire/obligation.ts'
import type { HistoryFacts } from '../../src/wire/history.ts'
import type { Observation } from '../../src/wire/observation.ts'
import type { AuditSink, RecordDraft } from '../../src/wire/record.ts'
import type { Spent } from '../../src/wire/reserve.ts'
import type { SystemDefinition } from '../../src/wire/system.ts'
import { definedBy } from '../../src/gateway/upstream/definition.ts'
import { differences } from '../../src/gateway/upstream/difference.ts'
import { driftOf } from '../../src/gateway/upstream/drift.ts'
import { NOTHING_EQUIPPED } from '../../src/gateway/equipment.ts'
import type { Denial } from '../../src/gateway/denial.ts'
import { AskDesk } from '../../src/gateway/upstream/ask-desk.ts'
import type {
  AheadAsk,
  AmendedAsk,
  AmendedView,
  ApprovalAsk,
  CheckAsk,
  ApprovalPort,
  ApprovalView,
  HistoryPort,
  LockView,
  PayloadPort,
  Ports,
  Reserving,
  RecordQuotaPort,
} from '../../src/gateway/ports.ts'

/** An actor whose certificate is the text given. */
export function actor(certificate = 'cert-a', agent = 'agent-a'): Actor {
  return {
    instance: `instance-of-${certificate}`,
    agent,
    spiffeId: `spiffe://test/agent/${agent}/${certificate}`,
    roles: ['guide'],
    owner: 'per_owner',
    delegation: { id: 'del_1', person: 'per_user', personRoles: ['operator'] },
    environment: 'default',
    chain: [],
    scopes: [],
    credential: { kind: 'x509', id: certificate, binding: 'mtls', ends: Date.now() + 3_600_000 },
    // Tests of the spine are about what comes after: those about tasks give it one.
    taskless: true,
    attested: {},
    lifeEnds: Date.now() + 86_400_000,
  }
}

/** Approvals as a person at a test's side answers them. */
export class FakeApprovals implements ApprovalPort {
  readonly asked: ApprovalAsk[] = []
  readonly #views = new Map<string, ApprovalView & { digest: string }>()
  readonly #waiters = new Map<string, Set<() => void>>()

  /** How many calls persons agreed to for the task, and for which they were used up. */
  amendedLeft = 0
  readonly amendedUsed: string[] = []

  amended(): AmendedView | undefined {
    return this.amendedLeft < 1 ? undefined : { amendments: ['amendment-1'], setAside: ['gated'] }
  }

  async useAmended(_: AmendedView, { call }: AmendedAsk): Promise<boolean> {
    if (this.amendedLeft < 1) return false
    this.amendedLeft -= 1
    this.amendedUsed.push(call)
    return true
  }

  async ask(ask: ApprovalAsk): Promise<ApprovalView> {
    for (const view of this.#views.values()) {
      const open = view.state === 'pending' || view.state === 'approved'
      if (open && view.digest === ask.callDigest) return { ...view, fresh: false }
    }
    this.asked.push(ask)
    const id = `approval-${this.asked.length}`
    const view = {
      id,
      digest: ask.callDigest,
      state: 'pending' as const,
      fresh: true,
      url: `http://bailiwick.localhost:7400/approvals/${id}`,
      expiresAt: Date.now() + 300_000,
      setAside: ask.gates.map((gate) => gate.policy),
    }
    this.#views.set(id, view)
    return view
  }

  /** What was asked ahead. */
  readonly ahead: AheadAsk[] = []

  async askAhead(ask: AheadAsk): Promise<ApprovalView | Denial> {
    this.ahead.push(ask)
    return this.ask(ask)
  }

  async wait(id: string, options: { ms: number; signal: AbortSignal }): Promise<ApprovalView> {
    const view = this.#views.get(id)!
    if (view.state !== 'pending' || options.ms <= 0 || options.signal.aborted) return view
    await new Promise<void>((resolve) => {
      const waiters = this.#waiters.get(id) ?? new Set()
      this.#waiters.set(id, waiters.add(resolve))
      setTimeout(resolve, options.ms).unref()
      options.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    return this.#views.get(id)!
  }

  async consume(id: string, digest: string): Promise<boolean> {
    const view = this.#views.get(id)
    if (view?.state !== 'approved' || view.digest !== digest) return false
    this.set(id, 'consumed')
    return true
  }

  async void(id: string): Promise<void> {
    this.set(id, 'void')
  }

  state(id: string): ApprovalView['state'] | undefined {
    return this.#views.get(id)?.state
  }

  set(id: string, state: ApprovalView['state'], answer = 'because'): void {
    this.#views.set(id, { ...this.#views.get(id)!, state, answer })
    for (const waiter of this.#waiters.get(id) ?? []) waiter()
  }
}

const NEVER = { minute: 0, hour: 0, day: 0 }

/** A history that remembers what it was told, and has enough left until a test says otherwise. */
export class FakeHistory implements HistoryPort {
  /** Why everything is refused; undefined: it is not. */
  spent: Spent | undefined
  readonly reserved: Reserving[] = []
  /** What became of each call, in order: `denied`, `failed`, `back` or `end`, and its action. */
  readonly told: string[] = []

  facts(): HistoryFacts {
    const { length: calls } = this.reserved
    return {
      calls: { minute: calls, hour: calls, day: calls },
      writes: NEVER,
      same: NEVER,
      denials: NEVER,
      errors: NEVER,
      money: NEVER,
      bytes: NEVER,
      recipients: NEVER,
      actions: [],
      labels: [],
    }
  }

  check(): Spent | undefined {
    return this.spent
  }

  reserve(call: Reserving): ReturnType<HistoryPort['reserve']> {
    if (this.spent !== undefined) return this.spent
    this.reserved.push(call)
    return {
      giveBack: () => void this.told.push(`back ${call.action}`),
      end: () => void this.told.push(`end ${call.action}`),
    }
  }

  denied(_: unknown, __: string, action: string): void {
    this.told.push(`denied ${action}`)
  }

  labelled(_actor: Actor, labels: readonly string[]): void {
    this.told.push(`labelled ${labels.join(' ')}`)
  }

  failed(_: unknown, __: string, action: string): void {
    this.told.push(`failed ${action}`)
  }
}

/** Everything a gateway needs, with handles for the test. */
export class FakePorts {
  /** What every instance is refused with, where a test says so. */
  overQuota: ReturnType<RecordQuotaPort['over']>
  readonly records: RecordDraft[] = []
  readonly notes: string[] = []
  readonly refusals: string[] = []
  /** What was given to be kept; with `keepsNothing` there is no room. */
  readonly payloads: Parameters<PayloadPort['keep']>[0][] = []
  keepsNothing = false
  readonly actors = new Map<string, Actor>([['cert-a', actor()]])
  readonly systems = new Map<string, SystemDefinition>()
  readonly approvals = new FakeApprovals()
  readonly history = new FakeHistory()
  locks: LockView | undefined
  lockAge = 0
  /** What checks were asked, and what they answer, in order. */
  readonly checked: CheckAsk[] = []
  checkAnswers: CheckVerdict[] = []
  /** Text of the gate that holds calls, and of another one where there are two. */
  gates: readonly string[] = ['operator']
  /** Environments of systems; `default` where nothing stands here. */
  environments: Record<string, string> = {}
  readonly observed: Observation[] = []
  secrets: Record<string, string> = {}
  /** Why systems are isolated, by name. */
  isolated: Record<string, string> = {}
  /** What actions set off, by `<system>/<action>`. */
  /** Calls of ours, by the trace in which something comes back. */
  readonly setOffBy = new Map<string, string>()
  readonly setOff = new Map<string, ReturnType<Ports['effects']['of']>>()
  /** Actions that went out, each with a trace whose id counts them. */
  readonly sent: string[] = []
  /** Trace ids that came back, and where. */
  readonly arrived: string[] = []
  auditFails = false
  /** By how much the monotonic clock is ahead. */
  skewMs = 0
  /** Digest of the policy set that answers. */
  policySet = 'sha256:set'
  /** What policy answers, by action; everything else is allowed. */
  answers: Record<string, Answer> = {}
  /** What policy asks of every answer. */
  obligations: Obligations | undefined
  readonly decisions: DecisionRequest[] = []
  /** What policy tells a denied agent besides its reason. */
  advice: readonly string[] = []
  /** Whether observe mode opens what is denied, and for which agents it is on. */
  opens = false
  readonly observedAgents = new Set<string>()
  /** What was kept for replay. */
  readonly traffic: { call: string; request: DecisionRequest; decision: Decision }[] = []
  readonly #onLocks = new Set<() => void>()
  readonly #onGone = new Set<(instance: string) => void>()
  readonly #onDelegationEnd = new Set<(delegation: string) => void>()
  readonly #onTaskEnd = new Set<(task: string) => void>()

  lock(lock: LockView | undefined): void {
    this.locks = lock
    for (const listener of this.#onLocks) listener()
  }

  gone(instance: string): void {
    for (const [key, held] of this.actors) if (held.instance === instance) this.actors.delete(key)
    for (const listener of this.#onGone) listener(instance)
  }

  delegationEnded(delegation: string): void {
    for (const listener of this.#onDelegationEnd) listener(delegation)
  }

  taskEnded(task: string): void {
    for (const listener of this.#onTaskEnd) listener(task)
  }

  readonly audit: AuditSink = {
    append: async (draft) => {
      if (this.auditFails) throw new Error('disk on fire')
      this.records.push(draft)
      return { id: `r${this.records.length}`, leaf: `leaf${this.records.length}`, ts: '' }
    },
  }

  #decide(request: DecisionRequest): Decision {
    this.decisions.push(request)
    const wanted = this.answers[request.action] ?? 'allow'
    const gates = this.gates.map((name, at) => {
      return { name, policy: at === 0 ? 'gated' : `gated-${at}`, reason: 'a person looks first' }
    })
    const left = gates.filter(({ policy }) => !request.setAside.has(policy))
    const answer = wanted === 'hold' && left.length === 0 ? 'allow' : wanted
    return {
      answer,
      parties: [],
      gates: answer === 'hold' ? left : [],
      ...(this.obligations !== undefined && { obligations: this.obligations }),
      policySet: this.policySet,
      reason: answer === 'deny' ? 'no policy permits it' : 'because',
    }
  }

  get ports(): Ports {
    const ports: Omit<Ports, 'asks'> = {
      clock: { ...systemClock, monotonic: () => systemClock.monotonic() + this.skewMs },
      entropy: systemEntropy,
      identities: {
        actorOf: ({ certificate, token }) =>
          this.actors.get(certificate ?? token?.text ?? '') ?? {
            refused: true,
            code:
              certificate === undefined && token === undefined
                ? 'authenticate.no_credential'
                : 'authenticate.unknown_certificate',
            detail: 'nobody is known by this',
          },
        recognise: () => undefined,
        onGone: (listener) => {
          this.#onGone.add(listener)
          return () => this.#onGone.delete(listener)
        },
        onDelegationEnd: (listener) => {
          this.#onDelegationEnd.add(listener)
          return () => this.#onDelegationEnd.delete(listener)
        },
        onTaskEnd: (listener) => {
          this.#onTaskEnd.add(listener)
          return () => this.#onTaskEnd.delete(listener)
        },
      },
      locks: {
        find: () => this.locks,
        onChange: (listener) => {
          this.#onLocks.add(listener)
          return () => this.#onLocks.delete(listener)
        },
        ageMs: () => this.lockAge,
        leaseMs: () => 5_000,
      },
      systems: {
        get: (name) => this.systems.get(name),
        environmentOf: (name) => this.environments[name] ?? 'default',
        all: () => [...this.systems.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
      },
      effects: {
        of: (system, action) =>
          this.setOff.get(`${system}/${action}`) ?? { triggers: [], triggered: [] },
        sent: ({ system, action }, within) => {
          this.sent.push(`${system}/${action}`)
          const own = String(this.sent.length).padStart(32, '0')
          const sampled = within?.sampled ?? false
          return { trace: within?.trace ?? own, span: '00f067aa0ba902b7', sampled }
        },
        arrived: ({ trace }, system, action) => {
          this.arrived.push(`${trace} ${system}/${action}`)
          return this.setOffBy.get(trace)
        },
      },
      history: this.history,
      observe: (seen) => this.observed.push(seen),
      policy: {
        prepare: () => undefined,
        isolation: (system) => this.isolated[system],
        decide: (request) => this.#decide(request),
        mayCall: (request) => this.answers[request.action] !== 'deny',
        advise: () => this.advice,
        observeOpens: () => this.opens,
      },
      observing: { observed: (agent) => this.observedAgents.has(agent) },
      traffic: {
        keep: (call, request, decision) => this.traffic.push({ call, request, decision }),
      },
      approvals: this.approvals,
      checks: {
        ask: async (of) => {
          this.checked.push(of)
          return this.checkAnswers.shift() ?? { verdict: 'none', reason: 'nobody answers' }
        },
      },
      pins: {
        admits: async () => undefined,
        peer: () => undefined,
        showed: (system, described) => driftOf(differences(system, definedBy(system, described))),
        stranger: () => undefined,
        quarantined: () => false,
      },
      credentials: {
        equip: () => ({
          ...NOTHING_EQUIPPED,
          environment: this.secrets,
          secrets: Object.values(this.secrets),
        }),
      },
      commitments: {
        commit: (text) => createHmac('sha256', 'test').update(text).digest('base64url'),
      },
      payloads: {
        keep: (payload) => {
          if (this.keepsNothing) return false
          this.payloads.push(payload)
          return true
        },
      },
      audit: this.audit,
      receipts: { of: (leaf) => ({ leaf }) },
      recordQuota: { over: () => this.overQuota },
      watch: {
        refused: (kind) => this.refusals.push(kind),
        note: (event) => this.notes.push(event),
      },
    }
    return { ...ports, asks: new AskDesk(ports) }
  }
}
