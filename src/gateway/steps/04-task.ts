// Holds the part of the fourth step that asks for a task: acting without one needs a registration that says so (INV-4).

import type { Actor } from '../../wire/actor.ts'
import { deny, type Denial } from '../denial.ts'

/**
 * Denies an actor that works on nothing. Being registered as taskless is the first half of acting without a task; the other is a
 * policy that names it, which the decision asks for.
 */
export function checkTask({
  task,
  taskless,
}: Pick<Actor, 'task' | 'taskless'>): Denial | undefined {
  if (task !== undefined || taskless === true) return undefined
  return deny('decide.no_task', 'no task is open for this agent, or several are and none is named')
}
