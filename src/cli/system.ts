// Holds `system`: looking at what a system offers, pinning it with what people say of it, and showing what is pinned.

import type { Command } from 'commander'
import { System, SystemsAnswer } from '../wire/api/system.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { repeated } from './repeat.ts'
import { add, type AddOptions } from './system-add.ts'
import { label } from './system/label.ts'
import { SAID_OPTIONS, type SaidOptions } from './system/said.ts'
import { dismiss, triggers } from './system/triggers.ts'
import { drawActions, reachedBy, wayFields } from './terminal/system.ts'
import { fields, table } from './terminal/table.ts'
import { visible } from './terminal/visible.ts'
import { when } from './terminal/when.ts'

async function list(context: Context): Promise<void> {
  const answer = await (await context.control()).get('/v1/systems', SystemsAnswer)
  const { screen } = context
  screen.answer(answer, (surface) =>
    table(
      ['NAME', 'SERVER', 'ERA', 'ACTIONS', 'PINNED', 'BY', 'REACHED BY'],
      answer.systems.map((system) => [
        system.name,
        `${system.server.name} ${system.server.version}`,
        system.era ?? '',
        system.actions.length,
        when(system.pinned_at, screen.now),
        system.pinned_by,
        system.isolated.length > 0 ? { text: 'isolated', style: 'red' } : reachedBy(system),
      ]),
      surface,
    ),
  )
}

async function show(context: Context, name: string): Promise<void> {
  const system = await (await context.control()).get(target(['v1', 'systems', name]), System)
  const { screen } = context
  screen.answer(system, (surface) => {
    const head = fields(
      [
        ['system', system.name],
        ['server', `${system.server.name} ${system.server.version}`],
        ['revision', system.era],
        ['reached by', reachedBy(system)],
        ...wayFields(system),
        ['environment', system.environment],
        ['processes', `at most ${system.max_processes}`],
        ['pinned', `${when(system.pinned_at, screen.now)} by ${system.pinned_by}`],
        ['reason', system.reason],
        ['digest', system.digest],
      ],
      surface,
    )
    const isolated = system.isolated.map(
      ({ file, line, column, message }) =>
        `${surface.paint('red', 'isolated:')} ${visible(`${file}:${line}:${column}: ${message}`)}\n`,
    )
    return `${head}${isolated.join('')}\n${drawActions(system.actions, surface)}`
  })
}

function number(text: string): number {
  return Number(text)
}

/** Adds the options that say things of actions. */
function withSaid(command: Command): void {
  command.option(
    '--effects <action=labels>',
    'effects of an action, for example read_file=read; may be repeated',
    repeated,
  )
  for (const [flags, words] of SAID_OPTIONS) {
    if (flags.startsWith('--facts')) command.option(flags, words)
    else command.option(flags, words, repeated)
  }
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const system = program
    .command('system')
    .description('systems that agents call: look at, pin, label, list, show')
  const adding = system
    .command('add <name> [command...]')
    .usage('[options] <name> -- <command> [args...]')
    .description('look at what a system offers, and pin it after your yes')
    .option('--openapi <file>', 'in place of a command: an OpenAPI document that describes it')
    .option('--tables <file>', 'in place of a command: a description of database tables')
    .option(
      '--env <name>',
      'a variable that it needs; the value is taken from here, and sealed; may be repeated',
      repeated,
    )
    .option('--env-file <file>', 'values of variables, lines of NAME=VALUE')
    .option('--cwd <dir>', 'folder that it runs in')
    .option('--max-processes <n>', 'how many of it may run at once', number)
    .option('--environment <name>', 'agents of which environment it is for (default: as it is)')
    .option('--reason <text>', 'why; stands in the record')
    .option('--dry-run', 'show what it offers and which policies would break, and pin nothing')
    .action((name: string, command: string[], options: AddOptions) =>
      add(context, name, command, options),
    )
  withSaid(adding)
  const labelling = system
    .command('label <name>')
    .description('change what is said of the actions of a pinned system')
    .option('--reason <text>', 'why; stands in the record')
    .action((name: string, options: SaidOptions) => label(context, name, options))
  withSaid(labelling)
  system
    .command('triggers')
    .description('what actions were seen to set off, by trace context')
    .action(() => triggers(context))
  system
    .command('dismiss <action> <other>')
    .description('say that one action does not set off the other, though it was seen to')
    .requiredOption('--reason <text>', 'why; stands in the record')
    .action((from: string, to: string, options: { reason: string }) =>
      dismiss(context, from, to, options),
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
