// Holds the gateway's ports filled in process: every question answered from the authority's own memory.

import type { AuditLog } from '../audit/log.ts'
import { Fault, publicFault } from '../std/fault.ts'
import type { JsonObject } from '../std/json.ts'
import type { Clock } from '../std/clock.ts'
import { EntropyPool } from '../std/entropy-pool.ts'
import type { Entropy } from '../std/entropy.ts'
import type { Traffic } from '../audit/traffic/traffic.ts'
import type { Actors } from '../authority/identity/actors.ts'
import type { Identities } from '../authority/identity/identities.ts'
import { targetText } from '../authority/locks/target.ts'
import type { Authority } from '../authority/open.ts'
import { gatewayFault } from '../gateway/faults.ts'
import type {
  AheadAsk,
  ApprovalAsk,
  ApprovalPort,
  ApprovalView,
  CheckPort,
  CommitmentPort,
  CredentialPort,
  PayloadPort,
  PinPort,
  Ports,
  TrafficPort,
  WatchPort,
} from '../gateway/ports.ts'
import { AskDesk } from '../gateway/upstream/ask-desk.ts'
import { determinedBy } from '../policy/life/determined.ts'
import type { Approval } from '../store/rows/approval.ts'
import type { Observe } from '../wire/observation.ts'
import type { AuditSink } from '../wire/record.ts'
import type { LivePolicy } from './live-policy.ts'

/** Approvals of one instance that may be open at once: more would only tire the people who answer. */
const PENDING_PER_INSTANCE = 32

/** How old the view of locks may be (ms, INV-5). */
export const LEASE_MS = 5_000

/** How long people have to answer what is asked ahead (ms). */
const AHEAD_MS = 3_600_000

const same =
  (callDigest: string) =>
  (approval: Approval): boolean =>
    approval.callDigest === callDigest

/** What the ports are filled from. */
export interface GatewayParts {
  readonly authority: Authority
  readonly identities: Identities
  /** Everything that tells what a credential is worth. */
  readonly actors: Actors
  readonly policy: LivePolicy
  readonly audit: AuditSink & Pick<AuditLog, 'overQuota' | 'receipt'>
  readonly commitments: CommitmentPort
  readonly payloads: PayloadPort
  readonly credentials: CredentialPort
  readonly checks: CheckPort
  readonly clock: Clock
  readonly entropy: Entropy
  readonly watch: WatchPort
  readonly traffic: Pick<Traffic, 'keep'>
  readonly pins: PinPort
  readonly observe: Observe
  /** URL of the control listener, for people. */
  readonly controlUrl: () => string
  /** How long people have to answer (ms). */
  readonly approvalMs: number
}

/** Fills the gateway's ports. */
export function gatewayPorts(parts: GatewayParts): Ports {
  const { actors, authority, identities, audit, clock, commitments, entropy, policy, watch } = parts
  const { locks, systems } = authority
  const ports: Omit<Ports, 'asks'> = {
    clock,
    // Ids of calls are drawn from it, one by one: asking the machine each time costs more than all else about them.
    entropy: new EntropyPool(entropy),
    audit,
    commitments,
    payloads: parts.payloads,
    policy,
    watch,
    receipts: { of: (leaf) => audit.receipt(leaf) as JsonObject | undefined },
    recordQuota: { over: (instance) => audit.overQuota(instance) },
    systems,
    effects: authority.effects,
    history: authority.history,
    observing: { observed: (agent) => authority.agents.observed(agent) },
    pins: parts.pins,
    traffic: trafficPort(parts.traffic),
    observe: parts.observe,
    identities: {
      actorOf: (presented) => actors.actorOf(presented),
      recognise: () => undefined,
      onGone: (listener) => identities.onGone((instance) => listener(instance)),
      onDelegationEnd: (listener) => authority.delegations.onEnd(listener),
      onTaskEnd: (listener) => authority.tasks.onEnd(listener),
    },
    locks: {
      find: (actor, system, action) => {
        const lock = locks.find(actor, system, action)
        return lock === undefined ? undefined : { ...lock, target: targetText(lock.target) }
      },
      onChange: (listener) => locks.onChange(() => listener()),
      // The view is the authority's own memory: there is nothing between them that could be late.
      ageMs: () => 0,
      leaseMs: () => LEASE_MS,
    },
    credentials: parts.credentials,
    approvals: approvalPort(parts),
    checks: parts.checks,
  }
  return { ...ports, asks: new AskDesk(ports) }
}

function trafficPort(traffic: Pick<Traffic, 'keep'>): TrafficPort {
  return {
    keep: (call, request, decision) => {
      const { observed, policySet } = decision
      // What policy answered, whatever observe mode made of it.
      const answer = observed === true ? 'deny' : decision.answer
      const by = determinedBy({ ...decision, answer })
      traffic.keep({ call, request, answer, by, policySet, ...(observed && { observed }) })
    },
  }
}

function approvalPort({ authority, clock, controlUrl, approvalMs }: GatewayParts): ApprovalPort {
  const { approvals } = authority
  const view = (approval: Approval, fresh: boolean): ApprovalView => ({
    id: approval.id,
    // What was asked ahead runs no call: it is used up where it was agreed to.
    state:
      approval.ahead !== undefined && approval.state === 'consumed' ? 'approved' : approval.state,
    fresh,
    url: `${controlUrl()}/approvals/${approval.id}`,
    expiresAt: approval.expiresAt,
    setAside: approval.gates.map((gate) => gate.policy),
    ...(approval.ended !== undefined && { answer: approval.ended.reason }),
  })
  const askWithin = async (
    ask: ApprovalAsk & Partial<Pick<AheadAsk, 'ahead'>>,
    ms: number,
  ): Promise<ApprovalView> => {
    const { instance } = ask.actor
    const pending = approvals.list().filter((one) => one.instance === instance)
    if (pending.length >= PENDING_PER_INSTANCE && !pending.some(same(ask.callDigest))) {
      throw gatewayFault(
        'admit.too_many',
        `${PENDING_PER_INSTANCE} calls of this instance wait for people already`,
      )
    }
    const { approval, fresh } = await approvals.ask({ ...ask, expiresAt: clock.now() + ms })
    return view(approval, fresh)
  }
  return {
    askAhead: async (ask) => {
      try {
        // Nobody waits at a closed door meanwhile: people have longer.
        return await askWithin(ask, Math.max(approvalMs, AHEAD_MS))
      } catch (error) {
        if (!(error instanceof Fault) || !/^(amendment|reason|admit)\./.test(error.code))
          throw error
        return { denied: true, ...publicFault(error) }
      }
    },
    amended: (ask) => {
      const found = authority.amendments.find(ask)
      return (
        found && {
          amendments: found.map(({ id }) => id),
          setAside: found.map(({ gate }) => gate.policy),
        }
      )
    },
    useAmended: ({ amendments }, ask) => authority.amendments.use(amendments, ask),
    ask: (ask) => askWithin(ask, approvalMs),
    wait: async (id, options) => view(await approvals.wait(id, options), false),
    consume: async (id, callDigest) => {
      try {
        await approvals.consume(id, callDigest)
        return true
      } catch (error) {
        if (error instanceof Fault && error.code.startsWith('approval.')) return false
        throw error
      }
    },
    void: async (id, reason) => {
      await approvals.void(id, reason)
    },
  }
}
