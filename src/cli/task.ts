// Holds `task`: what agents work on, opened, listed, shown, made less, and ended.

import type { Command } from 'commander'
import { Task, TaskShown, TasksAnswer } from '../wire/api/task.ts'
import { because } from './because.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { pagesOf } from './control/pages.ts'
import { momentOf } from './moment.ts'
import { reasonOf } from './reason.ts'
import { repeated } from './repeat.ts'
import { drawTask, drawTasks } from './task/draw.ts'
import { drawAmendments } from './terminal/amendment.ts'
import { budgetOf, budgetOptions, permitsOf, type BudgetOptions } from './task/said.ts'

interface OpenOptions extends BudgetOptions {
  readonly intent: string
  readonly allow: readonly string[]
  readonly from?: string
  readonly until?: string
  readonly instance?: string
  readonly delegation?: string
  readonly for?: string
  readonly unattended?: boolean
}

async function open(context: Context, agent: string, options: OpenOptions): Promise<void> {
  const { screen } = context
  const { from, until } = options
  const body = {
    agent,
    intent: options.intent,
    allow: permitsOf(options.allow),
    budget: budgetOf(options),
    instance: options.instance,
    delegation: options.delegation,
    on_behalf_of: options.for,
    unattended: options.unattended === true,
    starts_at: from === undefined ? undefined : momentOf('--from', from, screen.now),
    ends_at: until === undefined ? undefined : momentOf('--until', until, screen.now),
  }
  const task = await (await context.control()).send('POST', '/v1/tasks', body, Task)
  screen.answer(task, (surface) => drawTask(task, surface, screen.now))
}

interface ListOptions {
  readonly mine?: boolean
  readonly agent?: string
}

async function list(context: Context, { mine, agent }: ListOptions): Promise<void> {
  const tasks: Task[] = []
  const control = await context.control()
  const query = { mine: String(mine === true), agent }
  for await (const page of pagesOf(control, ['v1', 'tasks'], query, TasksAnswer)) {
    tasks.push(...page.tasks)
  }
  const { screen } = context
  screen.answer({ tasks }, (surface) => drawTasks(tasks, surface, screen.now))
}

async function show(context: Context, id: string): Promise<void> {
  const control = await context.control()
  const task = await control.get(target(['v1', 'tasks', id]), TaskShown)
  const { screen } = context
  screen.answer(task, (surface) => {
    const amended = drawAmendments(task.amendments, surface, screen.now)
    const drawn = drawTask(task, surface, screen.now)
    return task.amendments.length === 0 ? drawn : `${drawn}\n${amended}`
  })
}

interface NarrowOptions extends BudgetOptions {
  readonly allow?: readonly string[]
  readonly until?: string
  readonly reason?: string
}

async function narrow(context: Context, id: string, options: NarrowOptions): Promise<void> {
  const { screen } = context
  const { allow, until } = options
  const budget = budgetOf(options)
  const body = {
    allow: allow === undefined ? undefined : permitsOf(allow),
    budget: Object.keys(budget).length === 0 ? undefined : budget,
    ends_at: until === undefined ? undefined : momentOf('--until', until, screen.now),
    reason: await reasonOf(context, options.reason),
  }
  const path = target(['v1', 'tasks', id, 'narrow'])
  const task = await (await context.control()).send('POST', path, body, Task)
  screen.answer(task, (surface) => drawTask(task, surface, screen.now))
}

async function end(
  context: Context,
  verb: 'close' | 'cancel',
  id: string,
  options: { readonly reason?: string },
): Promise<void> {
  const task = await because(context, ['v1', 'tasks', id, verb], options.reason, Task)
  context.screen.answer(task, () => `${verb === 'close' ? 'closed' : 'cancelled'} ${task.id}\n`)
}

const ALLOW =
  'what may be called: system/action, system/* or *, then perhaps `when` and a condition on `context`; may be repeated'

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const task = program
    .command('task')
    .description('tasks: what agents work on; open, list, show, narrow, close, cancel')
  budgetOptions(task.command('open <agent>'))
    .description('open a task for an agent, which works on behalf of you')
    .requiredOption('--intent <text>', 'what it is for, in one line')
    .requiredOption('--allow <permit>', ALLOW, repeated)
    .option('--from <when>', 'when it begins (default: now)')
    .option('--until <when>', 'when it ends: 2h, 7d, a date; 30 days at most (default: 8h)')
    .option('--instance <id>', 'the only instance that may work on it')
    .option('--delegation <id>', 'the delegation that is bound to it from now on')
    .option('--for <person>', 'the person on whose behalf, where that is not you')
    .option('--unattended', 'for instances that act on nobody’s behalf')
    .action((agent: string, options: OpenOptions) => open(context, agent, options))
  task
    .command('ls')
    .alias('list')
    .description('list tasks that have not ended')
    .option('--mine', 'only those of yours')
    .option('--agent <name>', 'only those of one agent')
    .action((options: ListOptions) => list(context, options))
  task
    .command('show <id>')
    .description('a task, however it ended, and whose key asked for it')
    .action((id: string) => show(context, id))
  budgetOptions(task.command('narrow <id>'))
    .description('make a task less; what would be more needs another task')
    .option('--allow <permit>', 'all that is left of it; may be repeated', repeated)
    .option('--until <when>', 'an earlier end')
    .option('--reason <text>', 'why; stands in the record')
    .action((id: string, options: NarrowOptions) => narrow(context, id, options))
  for (const [verb, description] of [
    ['close', 'end a task that is done: the next call is refused, what runs is cut'],
    ['cancel', 'end a task that is not to go on, in the same way'],
  ] as const) {
    task
      .command(`${verb} <id>`)
      .description(description)
      .option('--reason <text>', 'why; stands in the record')
      .action((id: string, options: { reason?: string }) => end(context, verb, id, options))
  }
}
