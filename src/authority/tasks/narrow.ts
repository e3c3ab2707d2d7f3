// Holds the narrowing of a task: an earlier end, a smaller budget, fewer permits, and nothing that is more than before (INV-4).

import type { Task } from '../../store/rows/task.ts'
import { patternCovers } from '../../wire/scope.ts'
import type { TaskBudget, TaskPermit } from '../../wire/task.ts'
import { taskFault } from './faults.ts'
import { BUDGET_KEYS, checkedBudget, checkedPermits } from './words.ts'

/** What is to become less; what is absent stays as it is. */
export interface Narrowing {
  /** All that is left of the scope. */
  readonly scope?: readonly TaskPermit[]
  /** Members to bound, or to bound further; the others stay. */
  readonly budget?: TaskBudget
  /** ms since the epoch. */
  readonly endsAt?: number
}

/** The task as it will be. Throws `task.wider` for whatever is more than it has. */
export function narrowed(task: Task, { scope, budget, endsAt }: Narrowing): Task {
  if (endsAt !== undefined && !(endsAt <= task.endsAt)) {
    throw taskFault('task.wider', 'the task ends earlier than that')
  }
  return {
    ...task,
    ...(scope !== undefined && { scope: narrowedScope(task.scope, checkedPermits(scope)) }),
    ...(budget !== undefined && { budget: narrowedBudget(task.budget, checkedBudget(budget)) }),
    ...(endsAt !== undefined && { endsAt }),
  }
}

/**
 * Each permit that is left has to be inside one that is there: of an action that it covers, under the very same condition, or
 * under any where it has none. Whether one condition implies another is nothing that we decide.
 */
function narrowedScope(
  before: readonly TaskPermit[],
  after: readonly TaskPermit[],
): readonly TaskPermit[] {
  for (const [at, permit] of after.entries()) {
    const inside = before.some(
      ({ action, when }) =>
        patternCovers(action, permit.action) && (when === undefined || when === permit.when),
    )
    if (!inside) throw taskFault('task.wider', `permit ${at + 1} is inside none of the task`)
  }
  return after
}

function narrowedBudget(before: TaskBudget, after: TaskBudget): TaskBudget {
  for (const key of BUDGET_KEYS) {
    const [had = Infinity, has = 0] = [before[key], after[key]]
    if (has > had) throw taskFault('task.wider', `the budget of ${key} is smaller than that`)
  }
  return { ...before, ...after }
}
