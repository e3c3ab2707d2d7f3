// Holds the routes that read the recorded traffic: what of the recorded traffic a set of policies would answer in another way, and what an agent used.

import { ReplayPage, ReplayRequest } from '../../wire/api/policy-replay.ts'
import { UsageAnswer, UsageRequest } from '../../wire/api/policy-usage.ts'
import type { ControlPorts } from '../ports.ts'
import { DetailedFault } from '../problem.ts'
import type { Surface } from '../serve.ts'

/** Serves replay. Who asked is recorded once, with the first page: it reads what agents sent. */
export function serveReplay(surface: Surface, { audit, server }: ControlPorts): void {
  surface.closed(
    'POST /v1/policies/replay',
    {
      summary: 'Decide the recorded traffic again, one page of it, and tell which calls change',
      body: ReplayRequest,
      answer: ReplayPage,
    },
    async ({ body, person }) => {
      const { sources, since, agent, alone, limit, cursor } = body
      if (cursor === undefined) {
        await audit.append({
          type: 'traffic.replayed',
          phase: 'admin',
          person: person.id,
          ...(agent !== undefined && { agent }),
          body: { since, own: sources === undefined },
        })
      }
      const replayed = await server.replayPolicies({
        ...(sources !== undefined && { sources }),
        since: Date.parse(since),
        ...(agent !== undefined && { agent }),
        alone,
        limit,
        ...(cursor !== undefined && { cursor }),
      })
      if (!replayed.ok) throw DetailedFault.policies(replayed.problems)
      return replayed.page
    },
  )
  surface.closed(
    'POST /v1/policies/usage',
    {
      summary: 'Sum up what an agent really used, with what its arguments were',
      body: UsageRequest,
      answer: UsageAnswer,
    },
    async ({ body: { agent, since }, person }) => {
      await audit.append({
        type: 'traffic.read',
        phase: 'admin',
        person: person.id,
        agent,
        body: { since, what: 'usage' },
      })
      return server.policyUsage({ agent, since: Date.parse(since) })
    },
  )
}
