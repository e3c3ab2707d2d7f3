// Holds `approval amendments`, `amendment` and `withdraw`: what persons agreed to for whole tasks.

import type { Command } from 'commander'
import { Amendment, AmendmentsAnswer, AmendmentShown, type ForTask } from '../wire/api/amendment.ts'
import { readLoosening } from '../wire/amendment.ts'
import { because } from './because.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { fault } from './faults.ts'
import { drawAmendment, drawAmendments } from './terminal/amendment.ts'

/** What `approval approve` takes of agreeing for the task. */
export interface TaskOptions {
  readonly forTask?: boolean
  readonly count?: string
  readonly for?: string
  readonly loosen?: readonly string[]
}

const SECONDS: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400 }

/** The terms that were said; undefined where it is about one call. Throws `cli.usage`. */
export function termsOf({
  forTask,
  count,
  for: time,
  loosen = [],
}: TaskOptions): ForTask | undefined {
  if (forTask !== true) {
    if (count === undefined && time === undefined && loosen.length === 0) return undefined
    throw fault('cli.usage', '--count, --for and --loosen go with --for-task')
  }
  if (count === undefined || !/^[1-9][0-9]{0,3}$/.test(count)) {
    throw fault('cli.usage', '--for-task needs --count: how many calls in all, this one among them')
  }
  const [, amount, unit = ''] = /^([1-9][0-9]{0,4})([mhd])$/.exec(time ?? '1h') ?? []
  if (amount === undefined) throw fault('cli.usage', '--for takes 30m, 2h or 1d')
  for (const text of loosen) {
    const read = readLoosening(text)
    if ('wrong' in read) throw fault('cli.usage', `--loosen: ${read.wrong}`)
  }
  return { count: Number(count), for_s: Number(amount) * SECONDS[unit]!, loosen: [...loosen] }
}

async function list(context: Context, { task }: { readonly task?: string }): Promise<void> {
  const control = await context.control()
  const answer = await control.get(target(['v1', 'amendments'], { task }), AmendmentsAnswer)
  const { screen } = context
  screen.answer(answer, (surface) => drawAmendments(answer.amendments, surface, screen.now))
}

async function show(context: Context, id: string): Promise<void> {
  const control = await context.control()
  const found = await control.get(target(['v1', 'amendments', id]), AmendmentShown)
  const { screen } = context
  screen.answer(found, (surface) => drawAmendment(found, surface, screen.now))
}

async function withdraw(
  context: Context,
  id: string,
  { reason }: { readonly reason?: string },
): Promise<void> {
  const path = ['v1', 'amendments', id, 'withdraw']
  const found = await because(context, path, reason, Amendment)
  context.screen.answer(found, () => `withdrawn: ${found.id}\n`)
}

/** Adds the commands to `approval`. */
export function registerAmendments(approval: Command, context: Context): void {
  approval
    .command('amendments')
    .description('what was approved for whole tasks, and how much is left of it')
    .option('--task <id>', 'those of one task, however they ended')
    .action((options: { task?: string }) => list(context, options))
  approval
    .command('amendment <id>')
    .description('one of them with the arguments that it covers; looking is recorded')
    .action((id: string) => show(context, id))
  approval
    .command('withdraw <id>')
    .description('take back what was approved for a task: the next call is held again')
    .option('--reason <text>', 'why; stands in the record')
    .action((id: string, options: { reason?: string }) => withdraw(context, id, options))
}
