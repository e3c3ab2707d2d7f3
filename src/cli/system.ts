// Holds `system`: looking at what a system offers, pinning it with what people say of it, and showing what is pinned.

import type { Command } from 'commander'
import { System, SystemsAnswer } from '../wire/api/system.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { repeated } from './repeat.ts'
import { add, type AddOptions } from './system-add.ts'
import { withCandidate } from './system/candidate.ts'
import { label, type LabelOptions } from './system/label.ts'
import { PASSING_WORDS } from './system/passing.ts'
import { approve, diff, reject, type ReviewOptions } from './system/review.ts'
import { SAID_OPTIONS } from './system/said.ts'
import { dismiss, triggers } from './system/triggers.ts'
import { stopsText } from './terminal/quarantine.ts'
import { drawActions, identityText, reachedBy, wayFields } from './terminal/system.ts'
import { fields, table, type Cell } from './terminal/table.ts'
import { visible } from './terminal/visible.ts'
import { when } from './terminal/when.ts'

/** What keeps calls of a system from going on. */
function standing({ isolated, quarantine }: System): Cell | undefined {
  if (isolated.length > 0) return { text: 'isolated', style: 'red' }
  if (quarantine === null) return undefined
  return { text: quarantine.whole ? 'quarantined' : 'partly quarantined', style: 'red' }
}

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
        standing(system) ?? reachedBy(system),
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
        ['known by', identityText(system)],
        ['let pass', system.passing?.join(', ')],
      ],
      surface,
    )
    const isolated = system.isolated.map(
      ({ file, line, column, message }) =>
        `${surface.paint('red', 'isolated:')} ${visible(`${file}:${line}:${column}: ${message}`)}\n`,
    )
    const { quarantine } = system
    const waits =
      quarantine === null
        ? ''
        : `${surface.paint('red', 'quarantined:')} ${visible(stopsText(quarantine))} (bailiwick system diff ${name})\n`
    return `${head}${isolated.join('')}${waits}\n${drawActions(system.actions, surface)}`
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

/** Adds the verbs about what waits. */
function reviewing(system: Command, context: Context): void {
  system
    .command('diff <name>')
    .description('what a system shows otherwise than it was pinned')
    .action((name: string) => diff(context, name))
  const approving = system
    .command('approve <name>')
    .description('pin what a system shows now, after your look at the difference')
    .option('--fingerprint <digest>', 'of what you looked at: nothing else is pinned')
    .option('--reason <text>', 'why; stands in the record')
    .action((name: string, options: ReviewOptions) => approve(context, name, options))
  withSaid(approving)
  system
    .command('reject <name>')
    .description('leave a system as it is pinned, and refuse what it shows now')
    .option('--fingerprint <digest>', 'of what you looked at: nothing else is rejected')
    .option('--reason <text>', 'why; stands in the record')
    .action((name: string, options: ReviewOptions) => reject(context, name, options))
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
    .option('--allow-changes <words>', PASSING_WORDS)
    .option('--max-processes <n>', 'how many of it may run at once', number)
    .option('--environment <name>', 'agents of which environment it is for (default: as it is)')
    .option('--reason <text>', 'why; stands in the record')
    .option('--dry-run', 'show what it offers and which policies would break, and pin nothing')
    .action((name: string, command: string[], options: AddOptions) =>
      add(context, name, command, options),
    )
  withCandidate(adding)
  withSaid(adding)
  const labelling = system
    .command('label <name>')
    .description('change what is said of the actions of a pinned system')
    .option('--allow-changes <words>', PASSING_WORDS)
    .option('--reason <text>', 'why; stands in the record')
    .action((name: string, options: LabelOptions) => label(context, name, options))
  withSaid(labelling)
  reviewing(system, context)
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
