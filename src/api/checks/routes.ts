// Holds the routes of checks: which gates can name, registering one, removing one.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import type { Check as Row } from '../../authority/checks/checks.ts'
import { Check, CheckAdded, ChecksAnswer, NewCheck } from '../../wire/api/check.ts'
import { BecauseRequest, Name } from '../../wire/api/text.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

const ByName = z.strictObject({ name: Name })

function shown(
  { authority }: ControlPorts,
  { name, url, timeoutMs, state, by, createdAt }: Row,
): Check {
  return {
    name,
    url,
    timeout_s: timeoutMs / 1_000,
    state,
    added_by: personName(authority, by),
    added_at: rfc3339(createdAt),
  }
}

/** Serves checks. */
export function serveChecks(surface: Surface, ports: ControlPorts): void {
  const { checks } = ports.authority
  surface.closed(
    'GET /v1/checks',
    { summary: 'Programs that gates can name in place of people', answer: ChecksAnswer },
    () => ({ checks: checks.list().map((one) => shown(ports, one)) }),
  )
  surface.closed(
    'POST /v1/checks',
    {
      summary: 'Register a check; the key that it signs with is in this answer and nowhere else',
      body: NewCheck,
      answer: CheckAdded,
    },
    async ({ body: { name, url, timeout_s: seconds, reason }, person }) => {
      const wish = { name, url, timeoutMs: seconds * 1_000 }
      const { check, secret } = await checks.add(wish, { person: person.id, reason })
      return { ...shown(ports, check), secret }
    },
  )
  surface.closed(
    'POST /v1/checks/{name}/remove',
    {
      summary: 'Remove a check: a gate that names it opens for nobody',
      params: ByName,
      body: BecauseRequest,
      answer: Check,
    },
    async ({ params, body, person }) => {
      const word = { person: person.id, reason: body.reason }
      return shown(ports, await checks.remove(params.name, word))
    },
  )
}
