// Holds how an approval is shown to people.

import { rfc3339 } from '../../std/clock.ts'
import { isEffect } from '../../wire/effect.ts'
import type { ApprovalSummary } from '../../wire/api/approval.ts'
import type { Approvals } from '../../authority/approvals/approvals.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'

/** An approval as the authority keeps it. */
export type Approval = Awaited<ReturnType<Approvals['get']>>

/** Where a person can read what is asked. */
export function approvalUrl({ server }: Pick<ControlPorts, 'server'>, id: string): string {
  return `${server.facts().listeners.control}/approvals/${id}`
}

/** An approval without its arguments. */
export function shownApproval(
  { authority, server }: Pick<ControlPorts, 'authority' | 'server'>,
  of: Approval,
): ApprovalSummary {
  const { delegation, ended } = of
  const agreed = new Map(of.agreements.map(({ policy, person }) => [policy, person]))
  return {
    id: of.id,
    state: of.state,
    agent: of.agent,
    instance: of.instance,
    person: delegation === undefined ? null : personName(authority, delegation.person),
    system: of.system,
    action: of.action,
    effects: of.effects.filter(isEffect),
    gates: of.gates.map(({ name, policy, reason }) => {
      const by = agreed.get(policy)
      return {
        name,
        policy,
        ...(reason !== undefined && { reason }),
        ...(by !== undefined && { agreed_by: personName(authority, by) }),
      }
    }),
    reason: of.reason,
    asked_at: rfc3339(of.requestedAt),
    expires_at: rfc3339(of.expiresAt),
    ...(ended?.person !== undefined && { answered_by: personName(authority, ended.person) }),
    ...(ended !== undefined && { answer: ended.reason }),
    url: approvalUrl({ server }, of.id),
    call: of.call,
  }
}
