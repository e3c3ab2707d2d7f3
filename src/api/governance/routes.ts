// Holds the routes of governance: the rule, changes that wait or are over, and the words of administrators on them.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import {
  Governance as GovernanceState,
  GovernanceAnswer,
  GovernanceChange,
  GovernanceQuery,
  GovernanceSeen,
  GovernanceSeenAnswer,
  GovernanceWanted,
} from '../../wire/api/governance.ts'
import { BecauseRequest, Id } from '../../wire/api/text.ts'
import { pageOf } from '../page-of.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { governed } from './governed.ts'
import { shownChange } from './shown.ts'

const ById = z.strictObject({ id: Id })

/** Serves governance. */
export function serveGovernance(surface: Surface, ports: ControlPorts): void {
  const { governance } = ports.authority
  serveRule(surface, ports)
  surface.closed(
    'GET /v1/governance/changes',
    {
      summary: 'Changes of who governs, the newest first',
      query: GovernanceQuery,
      answer: GovernanceAnswer,
    },
    ({ query: { limit, cursor, state }, person }) => {
      const all = governance
        .list()
        .filter((one) => state === undefined || (one.state === 'open') === (state === 'open'))
        .filter(({ id }) => cursor === undefined || id < cursor)
      const { page, next } = pageOf(all, limit, ({ id }) => id)
      return { changes: page.map((one) => shownChange(ports, one, person.id)), next }
    },
  )
  surface.closed(
    'GET /v1/governance/changes/{id}',
    { summary: 'One change of who governs', params: ById, answer: GovernanceChange },
    ({ params, person }) => shownChange(ports, governance.get(params.id), person.id),
  )
  for (const [verb, summary] of VERBS) {
    surface.closed(
      `POST /v1/governance/changes/{id}/${verb}`,
      { summary, params: ById, body: BecauseRequest, answer: GovernanceChange },
      async ({ params: { id }, body: { reason }, person }) => {
        const change = await governance[verb](id, { person: person.id, reason })
        await ports.authority.sessions.settle()
        return shownChange(ports, change, person.id)
      },
    )
  }
  surface.closed(
    'POST /v1/governance/seen',
    {
      summary: 'Say that you have seen every change up to a time',
      body: GovernanceSeen,
      answer: GovernanceSeenAnswer,
    },
    async ({ body: { until }, person: { id } }) => {
      await governance.seen.mark(id, Date.parse(until))
      return { unseen: governance.unseen(id) }
    },
  )
}

const VERBS = [
  ['agree', 'Agree to a change of who governs; with the last word that is missing it is done'],
  ['refuse', 'Refuse a change of who governs, or take your own back'],
] as const

function serveRule(surface: Surface, ports: ControlPorts): void {
  const { authority } = ports
  const { governance } = authority
  const rule = (person: string): GovernanceState => {
    const { now, setBy } = governance.rule
    return {
      changes: now.changes,
      policies: now.policies,
      set_by: setBy === undefined ? null : personName(authority, setBy.person),
      set_at: setBy === undefined ? null : rfc3339(setBy.at),
      administrators: governance
        .administrators()
        .map((id) => ({ id, name: personName(authority, id) })),
      open: governance.list().filter(({ state }) => state === 'open').length,
      unseen: governance.unseen(person),
    }
  }
  surface.closed(
    'GET /v1/governance',
    { summary: 'Who has to agree to changes of who governs', answer: GovernanceState },
    ({ person }) => rule(person.id),
  )
  surface.closed(
    'POST /v1/governance',
    {
      summary: 'Say whether two have to agree: to turn that off, two have to agree',
      body: GovernanceWanted,
      answer: GovernanceState,
      governed: true,
    },
    ({ body: { reason, ...wanted }, person }) => {
      const { changes, policies } = governance.rule.now
      const wish = {
        kind: 'rule',
        changes: wanted.changes ?? changes,
        policies: wanted.policies ?? policies,
      } as const
      return governed(ports, wish, { person: person.id, reason }, () => rule(person.id))
    },
  )
}
