// Holds how a task is shown: names in place of ids, times as RFC 3339.

import { rfc3339 } from '../../std/clock.ts'
import { taskDigest } from '../../authority/tasks/record.ts'
import type { Task as TaskAnswer } from '../../wire/api/task.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'
import type { Task } from './may.ts'

/** A task as people see it. */
export function shownTask({ authority }: Pick<ControlPorts, 'authority'>, task: Task): TaskAnswer {
  const { asked, ended } = task
  const nameOf = (id: string): string | null => (id === '' ? null : personName(authority, id))
  return {
    id: task.id,
    intent: task.intent,
    agent: task.agent,
    instance: task.instance ?? null,
    bound: task.bound === true,
    on_behalf_of: nameOf(task.user),
    asked_by: personName(authority, task.person),
    allow: task.scope.map((permit) => ({ ...permit })),
    budget: { ...task.budget },
    state: task.state,
    starts_at: rfc3339(task.startsAt),
    ends_at: rfc3339(task.endsAt),
    created_at: rfc3339(task.createdAt),
    ended:
      ended === undefined
        ? null
        : { by: nameOf(ended.by), reason: ended.reason, at: rfc3339(ended.at) },
    digest: taskDigest(task),
    salt: task.salt,
    request: asked === undefined ? null : { ...asked },
  }
}
