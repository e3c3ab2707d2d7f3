// Holds what an instance is to work on: the task that a command names, the only one that is open for it, or one that it opens.

import { Fault } from '../../std/fault.ts'
import { TasksAnswer, type TaskPermit } from '../../wire/api/task.ts'
import { target, type Control } from '../control/control.ts'
import { fault } from '../faults.ts'

/** What a command says of the work. */
export interface Work {
  /** Id of the task; absent: the only one that is open, or one that is opened for this instance. */
  readonly task?: string
  /** The intent, in a person's own words: opens a task. */
  readonly intent?: string
  /** What a task that is opened is for where no intent is given, and all that it allows. */
  readonly usually: { readonly intent: string; readonly allow: readonly TaskPermit[] }
}

/** The member `task` of a join token's request; undefined where nothing can be opened that would allow anything. */
export async function taskOf(control: Control, agent: string, work: Work, at: number) {
  const { intent, task, usually } = work
  if (task !== undefined) return task
  if (intent !== undefined) return { ...usually, intent }
  const query = { mine: 'true', agent, limit: 1000 }
  const { tasks } = await control.get(target(['v1', 'tasks'], query), TasksAnswer)
  const now = tasks.filter(
    (one) =>
      !one.bound &&
      one.instance === null &&
      one.on_behalf_of === control.operator.name &&
      Date.parse(one.starts_at) <= at,
  )
  if (now.length > 1) {
    throw fault('cli.usage', `${now.length} tasks of ${agent} are open: name one with --task`)
  }
  return now[0]?.id ?? { ...usually }
}

/** True for what only says that no policy knows these actions: then the gateway says better what is wrong. */
export function isUnknownWork(error: unknown): boolean {
  return error instanceof Fault && error.code === 'task.scope'
}
