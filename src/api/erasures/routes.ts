// Holds the routes of erasing what is kept of people, and of holding it.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import {
  ErasureAnswer,
  ErasureRequest,
  HoldRequest,
  SubjectsAnswer,
} from '../../wire/api/erasure.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

/** Serves erasures and holds. */
export function serveErasures(surface: Surface, { authority }: ControlPorts): void {
  const { erasure, people, subjects } = authority
  surface.closed(
    'POST /v1/erasures',
    {
      summary: 'Destroy the key of what is kept of a person; every proof of the log still verifies',
      body: ErasureRequest,
      answer: ErasureAnswer,
    },
    async ({ body: { dry_run, before, ...rest }, person }) => {
      const ask = { ...rest, ...(before !== undefined && { before: Date.parse(before) }) }
      const done = dry_run ? await erasure.look(ask) : await erasure.erase(ask, person.id)
      return { erasure: done.id ?? null, person: done.person, counts: { ...done.counts } }
    },
  )
  surface.closed(
    'GET /v1/subjects',
    {
      summary: 'Whom something is kept of, and what of it is held or erased',
      answer: SubjectsAnswer,
    },
    () => ({
      subjects: subjects.list().map(({ id, state, epoch, hold }) => {
        const name = people.known(id)?.name
        const held_since = hold === undefined ? null : rfc3339(hold.at)
        return { subject: id, ...(name !== undefined && { name }), state, epoch, held_since }
      }),
    }),
  )
  for (const verb of ['hold', 'release'] as const) {
    surface.closed(
      `POST /v1/subjects/${verb}`,
      {
        summary:
          verb === 'hold'
            ? 'Keep whatever is kept of a person from being erased'
            : 'Let what is kept of a person be erased again',
        body: HoldRequest,
        answer: z.object({ held: z.boolean() }),
      },
      async ({ body, person }) => {
        await erasure[verb](body.person, { person: person.id, reason: body.reason })
        return { held: verb === 'hold' }
      },
    )
  }
}
