// Holds `history`: what an agent has done for each person, and taking data labels off it.

import type { Command } from 'commander'
import { HistoryAnswer, HistoryCleared } from '../wire/api/history.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { reasonOf } from './reason.ts'
import { table, type Surface } from './terminal/table.ts'

const COUNTS = [
  'calls',
  'writes',
  'denials',
  'errors',
  'money',
  'bytes',
  'recipients',
] as const satisfies readonly (keyof HistoryAnswer['lineages'][number])[]

function draw({ lineages }: HistoryAnswer, surface: Surface): string {
  return lineages
    .map((lineage) => {
      const rows = COUNTS.map((name) => {
        const { minute, hour, day } = lineage[name]
        return [name, minute, hour, day]
      })
      const labels = lineage.labels.length === 0 ? 'none' : lineage.labels.join(', ')
      const who = lineage.person ?? 'nobody'
      return `for ${who}, labels: ${labels}\n${table(['COUNT', 'MINUTE', 'HOUR', 'DAY'], rows, surface)}`
    })
    .join('\n')
}

async function show(context: Context, agent: string): Promise<void> {
  const path = target(['v1', 'history', agent])
  const answer = await (await context.control()).get(path, HistoryAnswer)
  const { screen } = context
  screen.answer(answer, (surface) =>
    answer.lineages.length === 0 ? 'nothing is kept of it\n' : draw(answer, surface),
  )
}

async function clear(
  context: Context,
  agent: string,
  { label, reason }: { readonly label?: string; readonly reason?: string },
): Promise<void> {
  const body = { label, reason: await reasonOf(context, reason) }
  const path = target(['v1', 'history', agent, 'clear'])
  const answer = await (await context.control()).send('POST', path, body, HistoryCleared)
  const { labels } = answer
  context.screen.answer(
    answer,
    () => `cleared ${labels.length === 0 ? 'nothing: there were none' : labels.join(', ')}\n`,
  )
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const history = program.command('history').description('what agents have done: show, clear')
  history
    .command('show <agent>')
    .description('counts and labels of an agent, for each person that it acted for')
    .action((agent: string) => show(context, agent))
  history
    .command('clear <agent>')
    .description('take data labels off everything that an agent carries')
    .option('--label <label>', 'this one alone')
    .option('--reason <text>', 'why; stands in the record')
    .action((agent: string, options: { label?: string; reason?: string }) =>
      clear(context, agent, options),
    )
}
