// Holds how an approval is shown to people.

import { rfc3339 } from '../../std/clock.ts'
import { canonicalJson, type JsonObject } from '../../std/json.ts'
import { isEffect } from '../../wire/effect.ts'
import type { ApprovalSummary, Unusual } from '../../wire/api/approval.ts'
import type { Approvals } from '../../authority/approvals/approvals.ts'
import { missing } from '../../authority/approvals/verdict.ts'
import { gateRule, gateWords, passesTo } from '../../wire/gate.ts'
import { personName } from '../people/name.ts'
import { shownAmendment } from '../amendments/shown.ts'
import type { ControlPorts } from '../ports.ts'

/** An approval as the authority keeps it. */
export type Approval = Awaited<ReturnType<Approvals['get']>>

/** Its state now: one whose time is over has expired, also where nobody has written that down yet. */
function stateNow(of: Approval, now: number): Approval['state'] {
  const open = of.state === 'pending' || of.state === 'approved'
  return open && of.expiresAt <= now ? 'expired' : of.state
}

/** The gates, for the person who looks; undefined: nobody who is known. */
function shownGates(
  { authority, clock }: Pick<ControlPorts, 'authority' | 'clock'>,
  of: Approval,
  person: string | undefined,
): ApprovalSummary['gates'] {
  const mine = person === undefined ? [] : authority.approvals.gatesOf(of, person, clock.now())
  return of.gates.map((gate) => {
    const { name, policy, reason } = gate
    const agreed = of.agreements.filter((agreement) => agreement.policy === policy)
    return {
      name,
      asks: gateWords(name),
      policy,
      ...(reason !== undefined && { reason }),
      agreed_by: agreed.map((agreement) => {
        const { person: by, readMs = null } = agreement
        const terms = authority.approvals.terms(of, agreement)
        return {
          name: personName(authority, by),
          read_ms: readMs,
          ...(terms !== undefined && {
            for_task: { count: terms.count, for_s: terms.forMs / 1_000 },
          }),
        }
      }),
      escalated: (of.escalations ?? [])
        .filter((one) => one.policy === policy)
        .map(({ to, person: by, reason: why, at }) => {
          return { to, by: personName(authority, by), reason: why, at: rfc3339(at) }
        }),
      escalates_to: mine.includes(policy) ? otherNames(of, gate) : [],
      missing: missing(of, gate),
      present: gateRule(name).present,
      yours: mine.includes(policy),
    }
  })
}

/** Whom a gate names besides those whom it asks alone by now. */
function otherNames(of: Approval, { name, policy }: Approval['gates'][number]): string[] {
  const asked = (of.escalations ?? []).findLast((one) => one.policy === policy)?.to
  const names = passesTo(name)
  return names.length < 2 ? [] : names.filter((one) => one !== asked)
}

/** An approval without its arguments, for the person who looks (an id). */
export function shownApproval(
  ports: Pick<ControlPorts, 'authority' | 'server' | 'clock'>,
  of: Approval,
  person?: string,
): ApprovalSummary {
  const { authority, server, clock } = ports
  const { delegation, ended } = of
  return {
    id: of.id,
    state: stateNow(of, clock.now()),
    agent: of.agent,
    instance: of.instance,
    person:
      delegation === undefined || delegation.person === ''
        ? null
        : personName(authority, delegation.person),
    ...(of.task !== undefined && { task: { id: of.task.id, intent: of.task.intent } }),
    ...(of.ahead !== undefined && {
      ahead: { count: of.ahead.count, for_s: of.ahead.forMs / 1_000 },
    }),
    system: of.system,
    action: of.action,
    effects: of.effects.filter(isEffect),
    gates: shownGates(ports, of, person),
    reason: of.reason,
    asked_at: rfc3339(of.requestedAt),
    expires_at: rfc3339(of.expiresAt),
    ...(ended?.person !== undefined && { answered_by: personName(authority, ended.person) }),
    ...(ended !== undefined && { answer: ended.reason }),
    similar: authority.approvals.similar(of),
    url: `${server.facts().listeners.control}/approvals/${of.id}`,
    call: of.call,
  }
}

/** What in the arguments of a held call is like no call before; null where there are none to be looked at. */
export async function unusualOf(
  { earlier }: Pick<ControlPorts, 'earlier'>,
  of: Approval,
  input: JsonObject | undefined,
): Promise<Unusual | null> {
  if (input === undefined) return null
  const { id, agent, system, action, requestedAt } = of
  const read = await earlier.of({ id, agent, system, action, input, requestedAt })
  const { since, marks, ...rest } = read
  return {
    ...rest,
    marks: marks.map((mark) => ({ ...mark })),
    ...(since !== undefined && { since: rfc3339(since) }),
  }
}

/** How far arguments of what is asked ahead may differ, and the agent's own words. */
export function asksOf(
  { authority }: Pick<ControlPorts, 'authority'>,
  of: Approval,
): { readonly asks?: { loosen: string[]; why: string } } {
  const ahead = authority.approvals.ahead(of)
  return ahead === undefined ? {} : { asks: { loosen: [...ahead.terms.loosen], why: ahead.why } }
}

/** What came of an approval for the whole task. */
export async function amendmentsOf(
  ports: Pick<ControlPorts, 'authority' | 'clock'>,
  of: Approval,
): Promise<ReturnType<typeof shownAmendment>[]> {
  if (of.task === undefined) return []
  const all = await ports.authority.amendments.of({ task: of.task.id })
  return all.filter(({ approval }) => approval === of.id).map((one) => shownAmendment(ports, one))
}

/** Notes that a person was shown a held call with its arguments. */
export function noteLook(
  { authority }: Pick<ControlPorts, 'authority'>,
  of: Approval,
  person: string,
  tree: JsonObject | undefined,
): void {
  if (tree !== undefined) authority.approvals.looked(of.id, person, canonicalJson(tree).length)
}

/** The arguments of a held call that is still open; undefined for one that is final. */
export function shownArguments(
  { authority }: Pick<ControlPorts, 'authority'>,
  of: Approval,
  { state }: Pick<ApprovalSummary, 'state'>,
): JsonObject | undefined {
  const open = state === 'pending' || state === 'approved'
  return open ? authority.approvals.arguments(of) : undefined
}
