// Holds `system`: looking at what a system offers, pinning it with effect labels, and showing what is pinned.

import type { Command } from 'commander'
import { System, SystemsAnswer } from '../wire/api/system.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { repeated } from './repeat.ts'
import { add, type AddOptions } from './system-add.ts'
import { drawActions } from './terminal/system.ts'
import { fields, table } from './terminal/table.ts'
import { when } from './terminal/when.ts'

async function list(context: Context): Promise<void> {
  const answer = await (await context.control()).get('/v1/systems', SystemsAnswer)
  const { screen } = context
  screen.answer(answer, (surface) =>
    table(
      ['NAME', 'SERVER', 'ERA', 'ACTIONS', 'PINNED', 'BY', 'COMMAND'],
      answer.systems.map((system) => [
        system.name,
        `${system.server.name} ${system.server.version}`,
        system.era,
        system.actions.length,
        when(system.pinned_at, screen.now),
        system.pinned_by,
        [system.transport.command, ...system.transport.args].join(' '),
      ]),
      surface,
    ),
  )
}

async function show(context: Context, name: string): Promise<void> {
  const system = await (await context.control()).get(target(['v1', 'systems', name]), System)
  const { screen } = context
  screen.answer(system, (surface) => {
    const { transport } = system
    const head = fields(
      [
        ['system', system.name],
        ['server', `${system.server.name} ${system.server.version}`],
        ['revision', system.era],
        ['command', [transport.command, ...transport.args].join(' ')],
        ['folder', transport.cwd],
        ['secrets', transport.env.join(' ') || 'none'],
        ['environment', system.environment],
        ['processes', `at most ${system.max_processes}`],
        ['pinned', `${when(system.pinned_at, screen.now)} by ${system.pinned_by}`],
        ['reason', system.reason],
        ['digest', system.digest],
      ],
      surface,
    )
    return `${head}\n${drawActions(system.actions, surface)}`
  })
}

function number(text: string): number {
  return Number(text)
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const system = program
    .command('system')
    .description('systems that agents call: inspect and pin, list, show')
  system
    .command('add <name> <command...>')
    .usage('[options] <name> -- <command> [args...]')
    .description('start a system once, show what it offers, and pin it after your yes')
    .option(
      '--env <name>',
      'a variable that it needs; the value is taken from here, and sealed; may be repeated',
      repeated,
    )
    .option('--env-file <file>', 'values of variables, lines of NAME=VALUE')
    .option(
      '--effects <action=labels>',
      'effects of an action, for example read_file=read; may be repeated',
      repeated,
    )
    .option('--cwd <dir>', 'folder that it runs in')
    .option('--max-processes <n>', 'how many of it may run at once', number)
    .option('--environment <name>', 'agents of which environment it is for (default: as it is)')
    .option('--reason <text>', 'why; stands in the record')
    .option('--dry-run', 'show what it offers, and pin nothing')
    .action((name: string, command: string[], options: AddOptions) =>
      add(context, name, command, options),
    )
  system
    .command('ls')
    .description('list pinned systems')
    .action(() => list(context))
  system
    .command('show <name>')
    .description('one system and its pinned actions')
    .action((name: string) => show(context, name))
}
