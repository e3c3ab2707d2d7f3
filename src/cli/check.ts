// Holds `check`: programs that gates name in place of people, registered, listed, removed.

import type { Command } from 'commander'
import { Check, CheckAdded, ChecksAnswer } from '../wire/api/check.ts'
import { because } from './because.ts'
import type { Context } from './context.ts'
import { fault } from './faults.ts'
import { reasonOf } from './reason.ts'
import { table, type Surface } from './terminal/table.ts'
import { when } from './terminal/when.ts'

function draw(checks: readonly Check[], surface: Surface, now: number): string {
  return table(
    ['NAME', 'ADDRESS', 'WITHIN', 'BY', 'SINCE'],
    checks.map(({ name, url, timeout_s: seconds, added_by: by, added_at: at }) => [
      name,
      url,
      `${seconds} s`,
      by,
      when(at, now),
    ]),
    surface,
  )
}

interface AddOptions {
  readonly url: string
  readonly timeout?: string
  readonly reason?: string
}

async function add(context: Context, name: string, options: AddOptions): Promise<void> {
  const { url, timeout = '5' } = options
  if (!/^[0-9]{1,2}$/.test(timeout)) throw fault('cli.usage', '--timeout takes 1 to 30 seconds')
  const reason = await reasonOf(context, options.reason)
  const body = { name, url, timeout_s: Number(timeout), reason }
  const added = await (await context.control()).send('POST', '/v1/checks', body, CheckAdded)
  const { screen } = context
  screen.say('the key that both sides sign with follows; nothing shows it again')
  screen.answer(added, () => `${added.secret}\n`)
}

async function list(context: Context): Promise<void> {
  const answer = await (await context.control()).get('/v1/checks', ChecksAnswer)
  const { screen } = context
  screen.answer(answer, (surface) => draw(answer.checks, surface, screen.now))
}

async function remove(
  context: Context,
  name: string,
  { reason }: { readonly reason?: string },
): Promise<void> {
  const removed = await because(context, ['v1', 'checks', name, 'remove'], reason, Check)
  context.screen.answer(removed, () => `removed: ${removed.name}\n`)
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const check = program
    .command('check')
    .description('programs that gates name in place of people: add, list, remove')
  check
    .command('add <name>')
    .description('register one; the key that it signs with is printed this once')
    .requiredOption('--url <address>', 'where it is asked: https, or http on this machine')
    .option('--timeout <seconds>', 'how long it may take, 1 to 30 (default: 5)')
    .option('--reason <text>', 'why; stands in the record')
    .action((name: string, options: AddOptions) => add(context, name, options))
  check
    .command('ls')
    .alias('list')
    .description('those that gates can name')
    .action(() => list(context))
  check
    .command('rm <name>')
    .description('remove one: a gate that names it opens for nobody')
    .option('--reason <text>', 'why; stands in the record')
    .action((name: string, options: { reason?: string }) => remove(context, name, options))
}
