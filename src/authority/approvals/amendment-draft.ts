// Holds how an amendment comes of an approval: one for each gate at which everybody agreed for the task, as narrow as the narrowest of them.

import { base64url, utf8 } from '../../std/bytes.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Subjects } from '../../audit/side/subjects.ts'
import type { Amendment } from '../../store/rows/amendment.ts'
import type { Approval } from '../../store/rows/approval.ts'
import type { Gate } from '../../wire/decision.ts'
import { openTerms } from './agreed.ts'
import { boundsText } from './bounds.ts'

/** What drafting stands on. */
interface DraftPorts {
  readonly subjects: Pick<Subjects, 'open' | 'seal'>
  /** A new id. */
  readonly id: () => string
  /** The arguments that persons were shown. */
  readonly input: JsonObject | undefined
  /** End of the task, ms since the epoch; undefined where it is over. */
  readonly taskEnds: number | undefined
  readonly now: number
}

/** The amendments of an approval whose gates all agreed. */
export function draftsOf(approval: Approval, ports: DraftPorts): Amendment[] {
  return approval.gates.flatMap((gate) => draftAt(approval, gate, ports) ?? [])
}

function draftAt(approval: Approval, gate: Gate, ports: DraftPorts): Amendment | undefined {
  const { input, now, subjects, taskEnds } = ports
  const { task, subject = '' } = approval
  const agreed = approval.agreements.filter(({ policy }) => policy === gate.policy)
  const terms = agreed.map((agreement) => openTerms(approval, agreement, subjects))
  if (task === undefined || taskEnds === undefined || input === undefined) return undefined
  // Who agreed to this one call alone has agreed to no other.
  const all = terms.filter((one) => one !== undefined)
  if (all.length === 0 || all.length < agreed.length) return undefined
  // A call that is held is one of them; of what is asked ahead, all are still to come.
  const held = approval.ahead === undefined ? 1 : 0
  const count = Math.min(...all.map((one) => one.count)) - held
  const expiresAt = Math.min(taskEnds, now + Math.min(...all.map(({ forMs }) => forMs)))
  if (count < 1 || expiresAt <= now) return undefined
  const id = ports.id()
  const bounds = boundsText({ input, loosen: all.map(({ loosen }) => loosen) })
  return {
    id,
    state: 'active',
    approval: approval.id,
    task: task.id,
    agent: approval.agent,
    instance: approval.instance,
    owner: approval.owner,
    ...(approval.delegation !== undefined && { delegation: approval.delegation }),
    ...(approval.chain !== undefined && { chain: approval.chain }),
    system: approval.system,
    action: approval.action,
    definition: approval.definition,
    policySet: approval.policySet,
    gate,
    persons: agreed.map(({ person }) => person),
    subject,
    sealed: base64url(subjects.seal(subject, utf8(bounds), amendmentContext(id))),
    count,
    used: 0,
    createdAt: now,
    expiresAt,
  }
}

/** What the bounds of an amendment are sealed for. */
export function amendmentContext(id: string): string {
  return `amendment/${id}`
}

/** What the record says of a new amendment: everything that it is bound to; its bounds are behind the commitments of the agreements. */
export function givenBody(amendment: Amendment, approval: Approval): JsonObject {
  const terms = approval.agreements.flatMap(({ policy, task }) =>
    policy === amendment.gate.policy && task !== undefined ? [task.terms] : [],
  )
  return {
    amendment: amendment.id,
    approval: amendment.approval,
    call_digest: approval.callDigest,
    definition: amendment.definition,
    policy_set: amendment.policySet,
    gate: { name: amendment.gate.name, policy: amendment.gate.policy },
    persons: [...amendment.persons],
    terms,
    count: amendment.count,
    expires_at: amendment.expiresAt,
  }
}
