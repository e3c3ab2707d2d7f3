// Holds the routes of proposals: policy sets that wait for a second administrator.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import { PolicyApplied } from '../../wire/api/policy.ts'
import {
  ProposalAnswer,
  ProposalRejected,
  ProposalsAnswer,
  type ProposalEntry,
} from '../../wire/api/policy-version.ts'
import { BecauseRequest, Id } from '../../wire/api/text.ts'
import type { Proposals } from '../../authority/registry/proposals.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { shownChange } from './change.ts'

type Proposal = ReturnType<Proposals['find']>

const ById = z.strictObject({ id: Id })

function shown({ authority, server }: ControlPorts, of: Proposal): ProposalEntry {
  const change = server.proposedChange(of.sources)
  const { added, removed, changed } = change.ok ? change : { added: [], removed: [], changed: [] }
  return {
    id: of.id,
    digest: of.digest,
    proposed_at: rfc3339(of.createdAt),
    proposed_by: personName(authority, of.person),
    reason: of.reason,
    expires_at: rfc3339(of.expiresAt),
    added: [...added],
    removed: [...removed],
    changed: [...changed],
    problems: change.ok ? [] : change.problems.map((problem) => ({ ...problem })),
  }
}

/** Serves proposals. */
export function serveProposals(surface: Surface, ports: ControlPorts): void {
  const { proposals } = ports.authority
  surface.closed(
    'GET /v1/policies/proposals',
    { summary: 'Policy sets that wait for a second administrator', answer: ProposalsAnswer },
    () => ({ proposals: proposals.list().map((proposal) => shown(ports, proposal)) }),
  )
  surface.closed(
    'GET /v1/policies/proposals/{id}',
    {
      summary: 'One policy set that waits, with its text',
      params: ById,
      answer: ProposalAnswer,
    },
    ({ params }) => {
      const proposal = proposals.find(params.id)
      const sources = proposal.sources.map(({ file, text }) => ({ file, text }))
      return { ...shown(ports, proposal), sources }
    },
  )
  surface.closed(
    'POST /v1/policies/proposals/{id}/approve',
    {
      summary: 'Agree to what another administrator proposed, and put it in force',
      params: ById,
      body: BecauseRequest,
      answer: PolicyApplied,
    },
    async ({ params, body: { reason }, person }) =>
      shownChange(
        await ports.server.approveProposal({ proposal: params.id, reason, person: person.id }),
      ),
  )
  surface.closed(
    'POST /v1/policies/proposals/{id}/reject',
    {
      summary: 'End a proposal that is not wanted, or that you take back',
      params: ById,
      body: BecauseRequest,
      answer: ProposalRejected,
    },
    async ({ params: { id }, body: { reason }, person }) => {
      await proposals.reject(id, { person: person.id, reason })
      return { id, state: 'rejected' as const }
    },
  )
}
