// Holds the routes of observe mode: setting an agent to be observed for a while, and enforcing everything again.

import { z } from 'zod'
import { Agent, ObserveRequest } from '../../wire/api/agent.ts'
import { BecauseRequest, Name } from '../../wire/api/text.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { liveCounts, shownAgent } from './shown.ts'

const ByName = z.strictObject({ name: Name })

/** How long an agent is observed where nobody says (ms). */
const DEFAULT_MS = 8 * 3_600_000

/** Serves observe mode. */
export function serveObserving(surface: Surface, ports: ControlPorts): void {
  const { agents } = ports.authority
  surface.closed(
    'POST /v1/agents/{name}/observe',
    {
      summary: 'Record what policy would deny an agent of reads and writes, and let it go on',
      params: ByName,
      body: ObserveRequest,
      answer: Agent,
    },
    async ({ params, body: { until, reason }, person }) => {
      const end = until === undefined ? ports.clock.now() + DEFAULT_MS : Date.parse(until)
      const word = { person: person.id, reason }
      const agent = await agents.observe(params.name, { until: end }, word)
      return shownAgent(ports, agent, liveCounts(ports))
    },
  )
  surface.closed(
    'POST /v1/agents/{name}/enforce',
    {
      summary: 'End observe mode: everything is enforced again',
      params: ByName,
      body: BecauseRequest,
      answer: Agent,
    },
    async ({ params, body: { reason }, person }) => {
      const agent = await agents.enforce(params.name, { person: person.id, reason })
      return shownAgent(ports, agent, liveCounts(ports))
    },
  )
}
