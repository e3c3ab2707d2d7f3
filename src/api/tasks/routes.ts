// Holds the routes of tasks: which are open, opening one, making one less, ending one.

import { z } from 'zod'
import { taskFault } from '../../authority/tasks/faults.ts'
import { BecauseRequest, Id } from '../../wire/api/text.ts'
import {
  NewTask,
  Task as TaskAnswer,
  TaskNarrowing,
  TaskShown,
  TasksAnswer,
  TasksQuery,
} from '../../wire/api/task.ts'
import { mayUse } from '../access.ts'
import { shownAmendment } from '../amendments/shown.ts'
import type { Person } from '../operator.ts'
import { pageOf } from '../page-of.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { checkMayOpen, isTheirs, type Task } from './may.ts'
import { narrowingOf, taskAsker, wishOf } from './said.ts'
import { shownTask } from './shown.ts'

const ById = z.strictObject({ id: Id })

/** A task of theirs, or any for who has one of the roles; else it is not there. */
function seen(
  ports: ControlPorts,
  task: Task,
  person: Person,
  access: 'viewer' | 'operator',
): Task {
  if (mayUse(access, person.roles) || isTheirs(ports, task, person)) return task
  throw taskFault('task.unknown', 'this task is not known, or has ended')
}

/** Serves tasks. */
export function serveTasks(surface: Surface, ports: ControlPorts): void {
  const { tasks } = ports.authority
  surface.closed(
    'GET /v1/tasks',
    {
      summary: "Tasks that have not ended, oldest first: one's own, or all",
      query: TasksQuery,
      answer: TasksAnswer,
    },
    ({ query: { mine, agent, limit, cursor = '' }, person }) => {
      const all = mine === 'false' && mayUse('viewer', person.roles)
      const wanted = tasks
        .list()
        .filter(
          (one) =>
            one.id > cursor &&
            (agent === undefined || one.agent === agent) &&
            (all || isTheirs(ports, one, person)),
        )
      const { page, next } = pageOf(wanted, limit, ({ id }) => id)
      return { tasks: page.map((one) => shownTask(ports, one)), next }
    },
  )
  surface.closed(
    'GET /v1/tasks/{id}',
    { summary: 'A task, however it ended', params: ById, answer: TaskShown },
    async ({ params, person }) => {
      const task = seen(ports, await tasks.get(params.id), person, 'viewer')
      const given = await ports.authority.amendments.of({ task: task.id })
      return {
        ...shownTask(ports, task),
        amendments: given.map((one) => shownAmendment(ports, one)),
      }
    },
  )
  serveOpening(surface, ports)
  serveEnding(surface, ports)
}

function serveOpening(surface: Surface, ports: ControlPorts): void {
  const { agents, delegations, people, tasks } = ports.authority
  surface.closed(
    'POST /v1/tasks',
    {
      summary: 'Open a task for an agent: what it may do now, on whose behalf, and until when',
      body: NewTask,
      answer: TaskAnswer,
    },
    async ({ body, person, request, ...asker }) => {
      const { name: agent } = agents.find(body.agent)
      const { delegation, unattended, on_behalf_of: named } = body
      const user = named === undefined ? person.id : people.find(named).id
      checkMayOpen(ports, person, { agent, other: user !== person.id, unattended })
      if (delegation !== undefined) {
        // The delegation is theirs, and of this agent: checked before anything is written.
        const one = delegations.find(delegation)
        if (one.person !== user || one.agent !== agent || unattended || one.by !== undefined) {
          throw taskFault('task.not_yours', 'the delegation is not of this agent and this person')
        }
        if (one.task !== undefined) {
          throw taskFault('task.wider', 'the delegation is bound to a task already')
        }
      }
      const task = await tasks.open(wishOf(body), taskAsker({ person, ...asker }, request))
      if (delegation !== undefined) await delegations.bindTask(delegation, task.id)
      return shownTask(ports, task)
    },
  )
  surface.closed(
    'POST /v1/tasks/{id}/narrow',
    {
      summary: 'Make a task less: fewer permits, a smaller budget, an earlier end; never more',
      params: ById,
      body: TaskNarrowing,
      answer: TaskAnswer,
    },
    async ({ params, body, person }) => {
      const { id } = seen(ports, tasks.find(params.id), person, 'operator')
      const word = { by: person.id, reason: body.reason }
      return shownTask(ports, await tasks.narrow(id, narrowingOf(body), word))
    },
  )
}

function serveEnding(surface: Surface, ports: ControlPorts): void {
  const { tasks } = ports.authority
  for (const [verb, state, summary] of [
    ['close', 'done', 'End a task that is done, at once'],
    ['cancel', 'cancelled', 'End a task that is not to go on, at once'],
  ] as const) {
    surface.closed(
      `POST /v1/tasks/{id}/${verb}`,
      { summary, params: ById, body: BecauseRequest, answer: TaskAnswer },
      async ({ params, body, person }) => {
        const { id } = seen(ports, tasks.find(params.id), person, 'operator')
        await tasks.end(id, state, { by: person.id, reason: body.reason })
        return shownTask(ports, await tasks.get(id))
      },
    )
  }
}
