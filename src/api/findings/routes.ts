// Holds the routes of findings: which are open, and closing one.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import { Finding, FindingsAnswer } from '../../wire/api/finding.ts'
import { BecauseRequest, Id } from '../../wire/api/text.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

type Row = ReturnType<ControlPorts['authority']['findings']['list']>[number]

function shown(row: Row): Finding {
  const { id, rule, severity, summary, facts, state } = row
  return {
    id,
    rule,
    severity,
    summary,
    agent: row.agent ?? null,
    instance: row.instance ?? null,
    facts: { ...facts },
    lock: row.lock ?? null,
    state,
    at: rfc3339(row.at),
  }
}

/** Serves findings. */
export function serveFindings(surface: Surface, { authority }: ControlPorts): void {
  surface.closed(
    'GET /v1/findings',
    { summary: 'Open findings, newest first', answer: FindingsAnswer },
    () => ({ findings: authority.findings.list().slice(0, 1_000).map(shown) }),
  )
  surface.closed(
    'POST /v1/findings/{id}/close',
    {
      summary: 'Close a finding that a person has looked at',
      params: z.strictObject({ id: Id }),
      body: BecauseRequest,
      answer: Finding,
    },
    async ({ params, body, person }) => {
      const by = { person: person.id, reason: body.reason }
      return shown(await authority.findings.close(params.id, by))
    },
  )
}
