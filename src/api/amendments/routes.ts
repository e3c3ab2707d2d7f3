// Holds the routes of approvals for a task: which are in force, what one covers, and taking one back.

import { z } from 'zod'
import { amendmentFault } from '../../authority/approvals/amendment-faults.ts'
import {
  Amendment as AmendmentAnswer,
  AmendmentShown,
  AmendmentsAnswer,
  AmendmentsQuery,
} from '../../wire/api/amendment.ts'
import { BecauseRequest, Id } from '../../wire/api/text.ts'
import { mayUse } from '../access.ts'
import { recordReading } from '../audit/reading.ts'
import type { Person } from '../operator.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { shownAmendment, type Amendment } from './shown.ts'

const ById = z.strictObject({ id: Id })

/** True for who has one of the roles, who agreed to it, whom its task serves or was asked by, and who owns the agent. */
function isTheirs(
  { authority }: ControlPorts,
  of: Amendment,
  { id, roles }: Person,
  access: 'viewer' | 'operator',
): boolean {
  if (mayUse(access, roles) || of.persons.includes(id) || of.owner === id) return true
  const task = authority.tasks.current(of.task)
  return task?.user === id || task?.person === id
}

/** Serves amendments. */
export function serveAmendments(surface: Surface, ports: ControlPorts): void {
  const { amendments } = ports.authority
  surface.closed(
    'GET /v1/amendments',
    {
      summary: 'What persons agreed to for whole tasks: all in force, or those of one task',
      query: AmendmentsQuery,
      answer: AmendmentsAnswer,
    },
    async ({ query: { task }, person }) => {
      const all = task === undefined ? amendments.list() : await amendments.of({ task })
      const seen = all.filter((one) => isTheirs(ports, one, person, 'viewer'))
      return { amendments: seen.map((one) => shownAmendment(ports, one)) }
    },
  )
  surface.closed(
    'GET /v1/amendments/{id}',
    {
      summary: 'One of them with the arguments that it covers; reading it is recorded',
      params: ById,
      answer: AmendmentShown,
    },
    async ({ params, person }) => {
      const found = await amendments.get(params.id)
      if (!isTheirs(ports, found, person, 'viewer')) throw unknown()
      await recordReading(ports, person, { what: 'amendment', amendment: found.id })
      const bounds = amendments.bounds(found)
      return {
        ...shownAmendment(ports, found),
        bounds:
          bounds === undefined
            ? null
            : { input: bounds.input, loosen: bounds.loosen.map((one) => [...one]) },
      }
    },
  )
  surface.closed(
    'POST /v1/amendments/{id}/withdraw',
    {
      summary: 'Take back what was agreed to for a task: the next call is held again',
      params: ById,
      body: BecauseRequest,
      answer: AmendmentAnswer,
    },
    async ({ params, body: { reason }, person }) => {
      const found = await amendments.get(params.id)
      if (!isTheirs(ports, found, person, 'viewer')) throw unknown()
      if (!isTheirs(ports, found, person, 'operator')) {
        throw amendmentFault('amendment.not_yours', 'this one is for others to take back')
      }
      const word = { person: person.id, reason }
      return shownAmendment(ports, await amendments.withdraw(found.id, word))
    },
  )
}

function unknown() {
  return amendmentFault('amendment.unknown', 'there is none of this id')
}
