// Holds the route that explains: what would be decided for a call, by which conditions, and what would allow it.

import { isObject, type Json } from '../../std/json.ts'
import {
  ExplainAnswer,
  ExplainCallAnswer,
  ExplainCallRequest,
  ExplainRequest,
} from '../../wire/api/explanation.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { callFacts } from './call-facts.ts'

/** Serves explanations. */
export function serveExplain(surface: Surface, ports: ControlPorts): void {
  const { audit, authority, server } = ports
  const { people } = authority
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
      const { set, isolated } = server.policies()
      const shut = isolated.has(body.system)
        ? [
            `${body.system} is isolated: it was pinned anew, and the policies in force do not hold with what it is now`,
          ]
        : []
      return {
        before: [...shut, ...before],
        explanation: set.explain(request, { values: body.values }),
      }
    },
  )
  surface.closed(
    'POST /v1/policies/explain/call',
    {
      summary:
        'Explain a call that was decided, from what it was decided from and by the policies of then',
      body: ExplainCallRequest,
      answer: ExplainCallAnswer,
    },
    async ({ body: { call, values }, person }) => {
      await audit.append({
        type: 'traffic.read',
        phase: 'admin',
        person: person.id,
        body: { what: 'call', about: call },
      })
      return server.explainCall(call, { values })
    },
  )
}
