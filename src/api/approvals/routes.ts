// Holds the routes of approvals: what waits, what exactly is asked, and a person's answer.

import { z } from 'zod'
import {
  Approval as ApprovalAnswer,
  ApprovalAgreed,
  Approve,
  ApprovalsAnswer,
  ApprovalsQuery,
  ApprovalSummary,
  Escalate,
} from '../../wire/api/approval.ts'
import { BecauseRequest, Id } from '../../wire/api/text.ts'
import { mayUse } from '../access.ts'
import { termsOf } from '../amendments/shown.ts'
import { recordReading } from '../audit/reading.ts'
import { fault } from '../faults.ts'
import type { Person } from '../operator.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { serveApprovalPage } from './page.ts'
import {
  amendmentsOf,
  asksOf,
  noteLook,
  shownApproval,
  shownArguments,
  unusualOf,
  type Approval,
} from './shown.ts'
import { situationNow } from './situation.ts'

const ById = z.strictObject({ id: Id })

/** True for who may look at everything, and for whom a gate asks: they are the ones who decide. */
function maySee({ authority }: ControlPorts, approval: Approval, { id, roles }: Person): boolean {
  return mayUse('viewer', roles) || authority.approvals.concerns(approval, id)
}

/** Serves approvals. */
export function serveApprovals(surface: Surface, ports: ControlPorts): void {
  const { approvals } = ports.authority
  surface.closed(
    'GET /v1/approvals',
    {
      summary: 'Held calls, oldest first, without their arguments',
      query: ApprovalsQuery,
      answer: ApprovalsAnswer,
    },
    ({ query: { state }, person }) => ({
      approvals: approvals
        .list()
        .filter((approval) => state === 'open' || approval.state === state)
        .filter((approval) => maySee(ports, approval, person))
        .map((approval) => shownApproval(ports, approval, person.id)),
    }),
  )
  surface.closed(
    'GET /v1/approvals/{id}',
    {
      summary: 'One held call with its arguments; reading it is recorded',
      params: ById,
      answer: ApprovalAnswer,
    },
    async ({ params, person }) => {
      const approval = await approvals.get(params.id)
      if (!maySee(ports, approval, person)) {
        throw fault('api.role', 'no gate of this call asks you')
      }
      await recordReading(ports, person, { what: 'approval', approval: approval.id })
      const shown = shownApproval(ports, approval, person.id)
      const tree = shownArguments(ports, approval, shown)
      noteLook(ports, approval, person.id, tree)
      return {
        ...shown,
        input: tree ?? null,
        situation: situationNow(ports, approval.instance),
        amendments: await amendmentsOf(ports, approval),
        ...asksOf(ports, approval),
        unusual: await unusualOf(ports, approval, tree),
      }
    },
  )
  serveAnswers(surface, ports)
  serveApprovalPage(surface, ports)
}

function serveAnswers(surface: Surface, ports: ControlPorts): void {
  const { approvals } = ports.authority
  surface.closed(
    'POST /v1/approvals/{id}/approve',
    {
      summary: 'Agree to one gate of a held call',
      params: ById,
      body: Approve,
      answer: ApprovalAgreed,
    },
    async ({ params, body: { reason, gate, for_task: terms }, person }) => {
      const word = {
        person: person.id,
        reason,
        ...(gate !== undefined && { gate }),
        ...(terms !== undefined && { forTask: termsOf(terms) }),
      }
      const hasty = approvals.isHasty(params.id, person.id)
      return {
        ...shownApproval(ports, await approvals.approve(params.id, word), person.id),
        hasty,
      }
    },
  )
  surface.closed(
    'POST /v1/approvals/{id}/deny',
    { summary: 'Refuse a held call', params: ById, body: BecauseRequest, answer: ApprovalSummary },
    async ({ params, body, person }) => {
      const word = { person: person.id, reason: body.reason }
      return shownApproval(ports, await approvals.deny(params.id, word), person.id)
    },
  )
  surface.closed(
    'POST /v1/approvals/{id}/escalate',
    {
      summary: 'Pass a held call on to somebody whom its gate names, who then agrees there alone',
      params: ById,
      body: Escalate,
      answer: ApprovalSummary,
    },
    async ({ params, body: { reason, to, gate }, person }) => {
      const word = { person: person.id, reason, to, ...(gate !== undefined && { gate }) }
      return shownApproval(ports, await approvals.escalate(params.id, word), person.id)
    },
  )
}
