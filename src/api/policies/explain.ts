// Holds the route that explains: what would be decided for a call, by which conditions, and what would allow it.

import { isObject, type Json } from '../../std/json.ts'
import { ExplainAnswer, ExplainRequest } from '../../wire/api/explanation.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { callFacts } from './call-facts.ts'

/** Serves explanations. */
export function serveExplain(surface: Surface, ports: ControlPorts): void {
  const { people } = ports.authority
  surface.closed(
    'POST /v1/policies/explain',
    {
      summary:
        'Explain what would be decided for a call: every party by itself, and what would allow it',
      body: ExplainRequest,
      answer: ExplainAnswer,
    },
    ({ body, person }) => {
      const { on_behalf_of: named, unattended, task } = body
      const behalf = named === undefined ? person.id : people.find(named).id
      // The very tree that the strict reader made: its numbers are exact.
      const input = body.input as Json
      const { before, request } = callFacts(ports, {
        agent: body.agent,
        ...(!unattended && { person: behalf }),
        ...(task !== undefined && { task }),
        system: body.system,
        action: body.action,
        input: isObject(input) ? input : {},
      })
      const { set } = ports.server.policies()
      return { before: [...before], explanation: set.explain(request, { values: body.values }) }
    },
  )
}
