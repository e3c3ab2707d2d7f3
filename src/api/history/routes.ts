// Holds the routes of history: what an agent has done, for each person, and taking labels off it.

import { z } from 'zod'
import { HistoryAnswer, HistoryClear, HistoryCleared } from '../../wire/api/history.ts'
import { Name } from '../../wire/api/text.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

const ByAgent = z.strictObject({ agent: Name })

/** Serves history. */
export function serveHistory(surface: Surface, { authority }: ControlPorts): void {
  surface.closed(
    'GET /v1/history/{agent}',
    {
      summary: 'What an agent has done within the minute, the hour and the day, for each person',
      params: ByAgent,
      answer: HistoryAnswer,
    },
    ({ params: { agent } }) => ({
      agent,
      lineages: authority.history.of(agent).map(({ person, facts }) => {
        const { same: _same, actions, labels, ...windows } = facts
        return {
          person: person === 'unattended' ? null : personName(authority, person),
          ...windows,
          actions: [...actions],
          labels: [...labels],
        }
      }),
    }),
  )
  surface.closed(
    'POST /v1/history/{agent}/clear',
    {
      summary: 'Take data labels off everything that an agent carries',
      params: ByAgent,
      body: HistoryClear,
      answer: HistoryCleared,
    },
    async ({ params: { agent }, body: { label, reason }, person }) => {
      const of = { person: person.id, reason, ...(label !== undefined && { label }) }
      return { agent, labels: [...(await authority.history.clear(agent, of))] }
    },
  )
}
