// Holds the replay of what the log says was taken away, into a database that is older than the log (INV-13).

import type { Clock } from '../std/clock.ts'
import type { JsonObject } from '../std/json.ts'
import type { AuditLog } from '../audit/log.ts'
import type { LoggedRecord } from '../audit/log-reader.ts'
import { isOpen, type ApprovalState } from '../store/rows/approval.ts'
import type { Lock, LockKind, LockTarget } from '../store/rows/lock.ts'
import type { Store } from '../store/open.ts'
import type { SignedRepository } from '../store/signed-table.ts'
import { replayAmendments } from './approvals/amendment-replay.ts'
import { replayChecks } from './checks/check-replay.ts'
import { replayGateways } from './gateways/gateway-replay.ts'
import { replayFamilies } from './consent/family-replay.ts'
import { replayEnforcers } from './enforcers/enforcer-replay.ts'
import { replayConsumed, replayEnded } from './identity/enrolment-replay.ts'
import { replayRoots } from './identity/root-replay.ts'
import { changeKept, GOVERNANCE_ENDS, ruleKept } from './governance/governance-replay.ts'
import { PROPOSAL_ENDS, proposalKept } from './registry/proposal-replay.ts'
import { replayLimits } from './limits/limit-replay.ts'
import { replayCredentials } from './secrets/secret-replay.ts'
import { replaySessions } from './sessions/session-replay.ts'
import { replayTasks } from './tasks/task-replay.ts'
import { replayTokens } from './tokens/token-replay.ts'
import { replayRegistrations, replayTrust } from './trust/trust-replay.ts'
import {
  agentKept,
  delegationKept,
  keyKept,
  leaverKept,
  rolesKept,
  teamKept,
} from './replay-kept.ts'
import { receiptOf, recorded } from './recorded.ts'

const KINDS: readonly string[] = [
  'person',
  'agent',
  'instance',
  'delegation',
  'task',
  'system',
  'action',
  'credential',
  'everything',
] satisfies LockKind[]

/** Endings of approvals, by the type of their record. */
const ENDED: Readonly<Record<string, ApprovalState>> = {
  'approval.consumed': 'consumed',
  'approval.denied': 'denied',
  'approval.expired': 'expired',
  'approval.voided': 'void',
}

/** Records that tell the whole standing of an agent after them. */
const AGENT_WORDS = [
  'agent.updated',
  'agent.claimed',
  'agent.activated',
  'agent.suspended',
  'agent.orphaned',
  'agent.retired',
  'agent.role_assigned',
  'agent.role_removed',
  'agent.role_reviewed',
  'agent.role_expired',
  'agent.observed',
  'agent.enforced',
  'agent.observe_ended',
]

/** What was replayed. */
export interface Replayed {
  readonly locks: number
  readonly approvals: number
  readonly amendments: number
  readonly checks: number
  readonly gateways: number
  readonly instances: number
  readonly delegations: number
  readonly tasks: number
  readonly proposals: number
  /** Changes of who governs, and the rule that they are under. */
  readonly governance: number
  readonly agents: number
  readonly roots: number
  readonly teams: number
  readonly people: number
  readonly sessions: number
  readonly tokens: number
  readonly consents: number
  /** Join tokens and evidence. */
  readonly consumed: number
  readonly registrations: number
  readonly trust: number
  readonly limits: number
  readonly enforcers: number
  /** Values that were removed, and consents at systems that were taken back. */
  readonly credentials: number
}

/** What replaying needs. */
export interface ReplayPorts {
  readonly audit: Pick<AuditLog, 'append' | 'tail' | 'byCall'>
  readonly store: Store
  readonly clock: Pick<Clock, 'now'>
}

/**
 * Brings back locks, used-up approvals and revocations that the log holds and the rows do not know: after a backup was put
 * back, or after a crash between a record and its row. Only what takes authority away is replayed, so running it twice, or
 * over a database that is right, changes nothing. It runs before anything is served.
 */
export async function replay(ports: ReplayPorts): Promise<Replayed> {
  const replayed = {
    locks: await replayLocks(ports),
    approvals: await replayApprovals(ports),
    amendments: await replayAmendments(ports),
    checks: await replayChecks(ports),
    gateways: await replayGateways(ports),
    instances: (await replayRevocations(ports)) + (await replayEnded(ports)),
    delegations: await replayDelegations(ports),
    tasks: await replayTasks(ports),
    proposals: await replayProposals(ports),
    governance: await replayGovernance(ports),
    agents: await replayAgents(ports),
    roots: await replayRoots(ports),
    teams: await replayTeams(ports),
    people: await replayPeople(ports),
    sessions: await replaySessions(ports),
    tokens: await replayTokens(ports),
    consents: await replayFamilies(ports),
    consumed: await replayConsumed(ports),
    registrations: await replayRegistrations(ports),
    trust: await replayTrust(ports),
    limits: await replayLimits(ports),
    enforcers: await replayEnforcers(ports),
    credentials: await replayCredentials(ports),
  }
  if (Object.values(replayed).some((count) => count > 0)) {
    await ports.audit.append({
      type: 'authority.replayed',
      phase: 'lifecycle',
      body: { ...replayed },
    })
  }
  return replayed
}

function text(body: JsonObject, member: string): string {
  const value = body[member]
  return typeof value === 'string' ? value : ''
}

async function replayLocks({ audit, store }: ReplayPorts): Promise<number> {
  const removed = new Set<string>()
  for await (const { record } of recorded(audit, 'lock.removed'))
    removed.add(text(record.body, 'lock'))
  let count = 0
  for await (const logged of recorded(audit, 'lock.added')) {
    const { body, person = '', ts } = logged.record
    const id = text(body, 'lock')
    const target = lockTarget(body)
    if (removed.has(id) || target === undefined || (await store.locks.get(id)) !== undefined)
      continue
    const at = Date.parse(ts)
    const reason = text(body, 'reason')
    const known = { ...ids(body, 'able'), ...ids(body, 'keyed') }
    const lock = { id, target, reason, person, at, state: 'active', ...known } as const
    await store.locks.insert(lock, receiptOf(logged))
    count++
  }
  return count + (await replayWithdrawn({ audit, store }))
}

/** A member of ids, where the body has it. */
function ids(body: JsonObject, member: 'able' | 'keyed'): Pick<Lock, 'able' | 'keyed'> {
  const value = body[member]
  if (!Array.isArray(value)) return {}
  return { [member]: value.filter((one) => typeof one === 'string') }
}

/** A request that was taken back does not come back with an older row: one more word would lift the lock. */
async function replayWithdrawn({
  audit,
  store,
}: Pick<ReplayPorts, 'audit' | 'store'>): Promise<number> {
  let count = 0
  for await (const logged of recorded(audit, 'lock.lift_withdrawn')) {
    const held = await store.locks.get(text(logged.record.body, 'lock'))
    if (held?.doc.lift === undefined || held.doc.lift.at > Date.parse(logged.record.ts)) continue
    const { lift: _, ...lock } = held.doc
    await store.locks.replace(held, lock, receiptOf(logged))
    count++
  }
  return count
}

function lockTarget(body: JsonObject): LockTarget | undefined {
  const kind = text(body, 'kind')
  return KINDS.includes(kind) ? { kind: kind as LockKind, name: text(body, 'name') } : undefined
}

/** Only approvals that the rows still call open can do harm: the log is asked about those. */
async function replayApprovals({ audit, store }: ReplayPorts): Promise<number> {
  let count = 0
  for (const held of await store.approvals.all({ state: ['pending', 'approved'] })) {
    if (!isOpen(held.doc)) continue
    const story = await audit.byCall(held.doc.call)
    const end = story.find(
      ({ record }) =>
        Object.hasOwn(ENDED, record.type) && text(record.body, 'approval') === held.doc.id,
    )
    if (end === undefined) continue
    const ended = { reason: 'the log says so', at: Date.parse(end.record.ts) }
    const state = ENDED[end.record.type]!
    await store.approvals.replace(held, { ...held.doc, state, sealed: '', ended }, receiptOf(end))
    count++
  }
  return count
}

async function replayRevocations({ audit, store }: ReplayPorts): Promise<number> {
  let count = 0
  for await (const logged of recorded(audit, 'instance.revoked')) {
    const { instance = '', body, ts } = logged.record
    const held = await store.instances.get(instance)
    if (held?.doc.state !== 'live') continue
    const mayReturn = body['mayReturn'] === true ? ({ mayReturn: true } as const) : {}
    const ended = { at: Date.parse(ts), reason: text(body, 'reason'), ...mayReturn }
    await store.instances.replace(held, { ...held.doc, state: 'revoked', ended }, receiptOf(logged))
    count++
  }
  return count
}

/** What was taken back stays so, and ends come no later than the log says. What is below follows when it is loaded. */
async function replayDelegations({ audit, store }: ReplayPorts): Promise<number> {
  let count = 0
  for await (const logged of recorded(audit, 'delegation.revoked')) {
    const { body, person = '', ts } = logged.record
    const held = await store.delegations.get(text(body, 'delegation'))
    if (held === undefined || (held.doc.state ?? 'active') !== 'active') continue
    const revoked = { by: person, reason: text(body, 'reason'), at: Date.parse(ts) }
    await store.delegations.replace(
      held,
      { ...held.doc, state: 'revoked', revoked },
      receiptOf(logged),
    )
    count++
  }
  const word = ({ record }: LoggedRecord): string => text(record.body, 'delegation')
  return (
    count +
    (await keep(
      store.delegations,
      await newest(audit, ['delegation.narrowed'], word),
      delegationKept,
    ))
  )
}

/** The newest record about each name, of several types. */
async function newest(
  audit: ReplayPorts['audit'],
  types: readonly string[],
  nameOf: (logged: LoggedRecord) => string,
): Promise<ReadonlyMap<string, LoggedRecord>> {
  const found = new Map<string, LoggedRecord>()
  for (const type of types) {
    for await (const logged of recorded(audit, type)) {
      const name = nameOf(logged)
      if ((found.get(name)?.index ?? -1) < logged.index) found.set(name, logged)
    }
  }
  return found
}

/** Writes the row as the newest word on it leaves it, where that is less than the row says. */
async function keep<T>(
  table: SignedRepository<T>,
  words: ReadonlyMap<string, LoggedRecord>,
  kept: (doc: T, body: JsonObject) => T | undefined,
): Promise<number> {
  let count = 0
  for (const [name, logged] of words) {
    const held = await table.get(name)
    const doc = held === undefined ? undefined : kept(held.doc, logged.record.body)
    if (held === undefined || doc === undefined) continue
    await table.replace(held, doc, receiptOf(logged))
    count++
  }
  return count
}

async function replayAgents({ audit, store }: ReplayPorts): Promise<number> {
  const words = await newest(audit, AGENT_WORDS, ({ record }) => record.agent ?? '')
  return keep(store.agents, words, agentKept)
}

async function replayProposals({ audit, store }: ReplayPorts): Promise<number> {
  const ends = await newest(audit, PROPOSAL_ENDS, ({ record }) => text(record.body, 'proposal'))
  return keep(store.proposals, ends, proposalKept)
}

/** What is over stays over, and is not done a second time; and the rule is no looser than its newest word. */
async function replayGovernance({ audit, store }: ReplayPorts): Promise<number> {
  const ends = await newest(audit, GOVERNANCE_ENDS, ({ record }) => text(record.body, 'change'))
  let count = 0
  for (const [id, logged] of ends) {
    const { type, body, ts } = logged.record
    const held = await store.governance.get(id)
    const doc = held && changeKept(held.doc, type, body, Date.parse(ts))
    if (held === undefined || doc === undefined) continue
    await store.governance.replace(held, doc, receiptOf(logged))
    count++
  }
  const [said] = await audit.tail({ type: 'governance.rule_set', limit: 1 })
  if (said === undefined) return count
  const held = await store.governanceRule.get('rule')
  const kept = ruleKept(held?.doc ?? { changes: 'on', policies: 'off' }, said.record.body)
  if (kept === undefined) return count
  const { body, person = '', ts } = said.record
  const set = { person, reason: text(body, 'reason'), at: Date.parse(ts) }
  const doc = { id: 'rule', ...kept, set } as const
  if (held === undefined) await store.governanceRule.insert(doc, receiptOf(said))
  else await store.governanceRule.replace(held, doc, receiptOf(said))
  return count + 1
}

async function replayTeams({ audit, store }: ReplayPorts): Promise<number> {
  const words = await newest(audit, ['team.changed'], ({ record }) => text(record.body, 'team'))
  return keep(store.teams, words, teamKept)
}

/** Who left stays gone, roles and keys that were taken from people stay taken. */
async function replayPeople({ audit, store }: ReplayPorts): Promise<number> {
  const { people } = store
  const left = await newest(audit, ['person.left'], ({ record }) => text(record.body, 'left'))
  const roles = await newest(audit, ['person.changed'], changed)
  let count = await keep(people, left, leaverKept)
  count += await keep(people, roles, rolesKept)
  for (const kind of ['key', 'passkey']) {
    const types = [`person.${kind}_added`, `person.${kind}_removed`]
    const words = await newest(
      audit,
      types,
      (one) => `${changed(one)} ${text(one.record.body, kind)}`,
    )
    for (const logged of words.values()) {
      if (logged.record.type !== types[1]) continue
      count += await keep(people, new Map([[changed(logged), logged]]), keyKept)
    }
  }
  return count
}

function changed({ record }: LoggedRecord): string {
  return text(record.body, 'changed')
}
