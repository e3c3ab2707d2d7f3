// Holds the routes of limits: which are in force and how much of each is taken, adding one, removing one.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import { Limit as LimitAnswer, LimitRemoved, LimitsAnswer, NewLimit } from '../../wire/api/limit.ts'
import { BecauseRequest, Id } from '../../wire/api/text.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

type Limit = ReturnType<ControlPorts['authority']['limits']['find']>

const ById = z.strictObject({ id: Id })

/** Counts that are shown of one limit: the largest. */
const SHOWN = 1_000

function shown({ authority }: ControlPorts, limit: Limit, most: number): LimitAnswer {
  const { id, on, each, what, per, reason, person, at } = limit
  const named = (name: string): string =>
    each === 'person' && name !== '' ? personName(authority, name) : name
  return {
    id,
    on: { ...on, ...(on.person !== undefined && { person: personName(authority, on.person) }) },
    each: each ?? null,
    what,
    most: limit.most,
    per: per ?? null,
    reason,
    added_by: personName(authority, person),
    added_at: rfc3339(at),
    use: authority.limits
      .use(id)
      .filter(({ taken }) => taken > 0)
      .sort((a, b) => b.taken - a.taken)
      .slice(0, most)
      .map(({ of, taken }) => ({ of: named(of), taken })),
  }
}

/** Serves limits. */
export function serveLimits(surface: Surface, ports: ControlPorts): void {
  const { limits } = ports.authority
  surface.closed(
    'GET /v1/limits',
    {
      summary: 'Limits in force, oldest first, each with its largest count',
      answer: LimitsAnswer,
    },
    () => ({ limits: limits.list().map((limit) => shown(ports, limit, 1)) }),
  )
  surface.closed(
    'GET /v1/limits/{id}',
    { summary: 'A limit, and how much of it is taken now', params: ById, answer: LimitAnswer },
    ({ params }) => shown(ports, limits.find(params.id), SHOWN),
  )
  surface.closed(
    'POST /v1/limits',
    {
      summary: 'Limit how much may happen within a time, or at once; it counts from now on',
      body: NewLimit,
      answer: LimitAnswer,
    },
    async ({ body: { on, each, what, most, per, reason }, person }) => {
      const { agent, person: named, task, action } = on
      const wish = {
        on: {
          ...(agent !== undefined && { agent }),
          ...(named !== undefined && { person: named }),
          ...(task !== undefined && { task }),
          ...(action !== undefined && { action }),
        },
        what,
        most,
        ...(each !== undefined && { each }),
        ...(per !== undefined && { per }),
      }
      return shown(ports, await limits.add(wish, { person: person.id, reason }), 1)
    },
  )
  surface.closed(
    'POST /v1/limits/{id}/remove',
    { summary: 'Remove a limit', params: ById, body: BecauseRequest, answer: LimitRemoved },
    async ({ params, body, person }) => {
      const { id } = await limits.remove(params.id, { person: person.id, reason: body.reason })
      return { id, removed: true as const }
    },
  )
}
