// Holds how approvals for a task are shown: names in place of ids, and never what they cover.

import { rfc3339 } from '../../std/clock.ts'
import type { Amendments } from '../../authority/approvals/amendments.ts'
import type { TaskTerms } from '../../wire/amendment.ts'
import type { Amendment as AmendmentAnswer, ForTask } from '../../wire/api/amendment.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'

/** An amendment as the authority keeps it. */
export type Amendment = Awaited<ReturnType<Amendments['get']>>

/** One as people see it. */
export function shownAmendment(
  { authority, clock }: Pick<ControlPorts, 'authority' | 'clock'>,
  of: Amendment,
): AmendmentAnswer {
  const { ended } = of
  const over = of.state === 'active' && of.expiresAt <= clock.now()
  return {
    id: of.id,
    state: over ? 'expired' : of.state,
    approval: of.approval,
    task: of.task,
    agent: of.agent,
    system: of.system,
    action: of.action,
    gate: of.gate.name,
    policy: of.gate.policy,
    agreed_by: of.persons.map((id) => personName(authority, id)),
    count: of.count,
    used: of.used,
    given_at: rfc3339(of.createdAt),
    expires_at: rfc3339(of.expiresAt),
    ended: ended === undefined ? null : endOf(authority, ended),
  }
}

function endOf(
  authority: ControlPorts['authority'],
  { person, reason, at }: NonNullable<Amendment['ended']>,
): NonNullable<AmendmentAnswer['ended']> {
  const by = person === undefined ? null : personName(authority, person)
  return { by, reason, at: rfc3339(at) }
}

/** The terms that somebody sent. */
export function termsOf({ count, for_s: seconds, loosen }: ForTask): TaskTerms {
  return { count, forMs: seconds * 1_000, loosen }
}
