// Holds what the options of `task` say: permits with their conditions, and budgets.

import type { Command } from 'commander'
import type { TaskBudget, TaskPermit } from '../../wire/api/task.ts'
import { fault } from '../faults.ts'

/** Options of a budget, as commander reads them. */
export interface BudgetOptions {
  readonly calls?: string
  readonly writes?: string
  readonly money?: string
  readonly bytes?: string
  readonly minutes?: string
}

/** Adds the options of a budget. */
export function budgetOptions(command: Command): Command {
  return command
    .option('--calls <n>', 'calls at most, altogether')
    .option('--writes <n>', 'calls at most that do more than read')
    .option('--money <cents>', 'what they may spend at most, in cents')
    .option('--bytes <n>', 'bytes of arguments at most')
    .option('--minutes <n>', 'minutes since its first call')
}

/** `system/action when CONDITION` as a permit. Throws `cli.usage` for an empty condition. */
function permitOf(text: string): TaskPermit {
  const [, action = '', when] = /^\s*(\S+)(?:\s+when\s+([^]*))?$/.exec(text) ?? []
  if (action === '' || when?.trim() === '') {
    throw fault(
      'cli.usage',
      '--allow takes system/action, system/* or *, then perhaps: when CONDITION',
    )
  }
  return when === undefined ? { action } : { action, when: when.trim() }
}

/** The permits of a scope. */
export function permitsOf(texts: readonly string[]): TaskPermit[] {
  return texts.map(permitOf)
}

/** The budget that the options name. Throws `cli.usage` for what is no whole number. */
export function budgetOf(options: BudgetOptions): TaskBudget {
  const budget: Record<string, number> = {}
  for (const key of ['calls', 'writes', 'money', 'bytes', 'minutes'] as const) {
    const text = options[key]
    if (text === undefined) continue
    if (!/^[1-9][0-9]{0,15}$/.test(text)) {
      throw fault('cli.usage', `--${key} takes a whole number above 0`)
    }
    budget[key] = Number(text)
  }
  return budget
}
