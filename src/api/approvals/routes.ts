// Holds the routes of approvals: what waits, what exactly is asked, and a person's answer.

import { z } from 'zod'
import {
  Approval as ApprovalAnswer,
  ApprovalsAnswer,
  ApprovalsQuery,
  ApprovalSummary,
} from '../../wire/api/approval.ts'
import { BecauseRequest, Id } from '../../wire/api/text.ts'
import { mayUse } from '../access.ts'
import { recordReading } from '../audit/reading.ts'
import { fault } from '../faults.ts'
import type { Person } from '../operator.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { serveApprovalPage } from './page.ts'
import { shownApproval, shownArguments } from './shown.ts'
import { situationNow } from './situation.ts'

const ById = z.strictObject({ id: Id })

/** True for who may look at everything, and for who holds the role of a gate: they are the ones who are asked. */
function maySee(
  { gates }: { readonly gates: readonly { readonly name: string }[] },
  { roles }: Person,
): boolean {
  return mayUse('viewer', roles) || gates.some(({ name }) => roles.includes(name))
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
        .filter((approval) => maySee(approval, person))
        .map((approval) => shownApproval(ports, approval)),
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
      if (!maySee(approval, person)) {
        throw fault('api.role', 'no gate of this call asks for a role of yours')
      }
      await recordReading(ports, person, { what: 'approval', approval: approval.id })
      const shown = shownApproval(ports, approval)
      return {
        ...shown,
        input: shownArguments(ports, approval, shown) ?? null,
        situation: situationNow(ports, approval.instance),
      }
    },
  )
  for (const verb of ['approve', 'deny'] as const) {
    surface.closed(
      `POST /v1/approvals/{id}/${verb}`,
      {
        summary:
          verb === 'approve'
            ? 'Agree to the gates of a held call that you may lift'
            : 'Refuse a held call',
        params: ById,
        body: BecauseRequest,
        answer: ApprovalSummary,
      },
      async ({ params, body, person }) => {
        const word = { person: person.id, reason: body.reason }
        return shownApproval(ports, await approvals[verb](params.id, word))
      },
    )
  }
  serveApprovalPage(surface, ports)
}
