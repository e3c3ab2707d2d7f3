// Holds `export`: what is there as documents that `apply` takes back.

import type { Command } from 'commander'
import type { Members } from './apply/kind.ts'
import { kindsAt } from './apply/plan.ts'
import { yamlText } from './apply/text.ts'
import type { Context } from './context.ts'
import { fault } from './faults.ts'

async function write(context: Context, options: { readonly kind?: string }): Promise<void> {
  const { screen } = context
  const all = kindsAt(() => screen.now)
  const kinds = all.filter(({ kind }) => options.kind === undefined || options.kind === kind)
  if (kinds.length === 0) {
    throw fault('cli.usage', `--kind is one of ${all.map(({ kind }) => kind).join(', ')}`)
  }
  const control = await context.control()
  const documents: Members[] = []
  for (const kind of kinds) {
    for (const [name, now] of await kind.current(control)) {
      const document = kind.exported(name, now)
      if (document !== undefined) documents.push(document)
    }
  }
  screen.answer({ documents }, () => yamlText(documents))
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  program
    .command('export')
    .description('write what apply takes: agents, teams, roles, trust sources and registrations')
    .option('--kind <kind>', 'only those of one: person, team, agent, trust or registration')
    .action((options: { kind?: string }) => write(context, options))
}
