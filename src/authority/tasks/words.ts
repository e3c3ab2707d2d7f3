// Holds the checks of what a person says of a task: intent, scope, budget and window, each within its bounds.

import type { TaskBudget, TaskPermit } from '../../wire/task.ts'
import { isScopePattern, MAX_PATTERNS } from '../../wire/scope.ts'
import { taskFault } from './faults.ts'

/** How long a task lasts where nothing is said (ms): a working day. */
const TASK_LIFE_MS = 8 * 3_600_000

/** The longest that one lasts (ms): 30 days. A task always ends. */
const MOST_TASK_LIFE_MS = 30 * 86_400_000

/** Characters of a condition. */
const MAX_CONDITION = 2_000

/** What a budget may bound. */
export const BUDGET_KEYS = [
  'calls',
  'writes',
  'money',
  'bytes',
  'minutes',
] as const satisfies readonly (keyof TaskBudget)[]

/** The intent without space around it; throws `task.intent` for none, more than a line, or what reorders text on a screen. */
export function checkedIntent(intent: string): string {
  const text = intent.trim()
  if (text === '' || text.length > 500 || !text.isWellFormed()) {
    throw taskFault('task.intent', 'an intent of 1 to 500 characters is needed')
  }
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)) {
    throw taskFault('task.intent', 'the intent has control characters or line breaks')
  }
  return text
}

/** The form of a scope; what its conditions mean is for the policy set in force to say. Throws `task.scope`. */
export function checkedPermits(scope: readonly TaskPermit[]): readonly TaskPermit[] {
  if (scope.length < 1 || scope.length > MAX_PATTERNS) {
    throw taskFault('task.scope', `a scope has 1 to ${MAX_PATTERNS} permits`)
  }
  return scope.map(({ action, when }, at) => {
    if (!isScopePattern(action)) {
      throw taskFault('task.scope', `permit ${at + 1} is not like system/action, system/* or *`)
    }
    if (when === undefined) return { action }
    if (when.trim() === '' || when.length > MAX_CONDITION) {
      throw taskFault('task.scope', `the condition of permit ${at + 1} is empty or too long`)
    }
    return { action, when: when.trim() }
  })
}

/** The budget with nothing but its members; throws `task.budget`. */
export function checkedBudget(budget: TaskBudget): TaskBudget {
  const kept: Partial<Record<keyof TaskBudget, number>> = {}
  for (const key of BUDGET_KEYS) {
    const value = budget[key]
    if (value === undefined) continue
    if (!Number.isSafeInteger(value) || value < 1) {
      throw taskFault('task.budget', `the budget of ${key} is no whole number above 0`)
    }
    kept[key] = value
  }
  return kept
}

/** When it begins and ends; throws `task.window`. */
export function checkedWindow(
  { startsAt, endsAt }: { readonly startsAt?: number; readonly endsAt?: number },
  now: number,
): { readonly startsAt: number; readonly endsAt: number } {
  const start = Math.max(startsAt ?? now, now)
  const end = endsAt ?? start + TASK_LIFE_MS
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || end <= start) {
    throw taskFault('task.window', 'the task would have ended before it begins')
  }
  if (end > now + MOST_TASK_LIFE_MS) {
    throw taskFault('task.window', 'the task would last longer than 30 days')
  }
  return { startsAt: start, endsAt: end }
}
