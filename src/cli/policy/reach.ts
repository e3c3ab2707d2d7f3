// Holds `policy reach`: what an agent could touch now if it were stolen, as a tree, or as nodes and edges.

import type { Command } from 'commander'
import { ReachAnswer } from '../../wire/api/reach.ts'
import type { Context } from '../context.ts'
import { drawReach } from './draw-reach.ts'

async function reach(
  context: Context,
  agent: string,
  { person }: { readonly person?: string },
): Promise<void> {
  const { screen } = context
  const body = { agent, ...(person !== undefined && { on_behalf_of: person }) }
  const control = await context.control()
  const answer = await control.send('POST', '/v1/policies/reach', body, ReachAnswer)
  screen.answer(answer, (surface) => drawReach(answer, surface))
}

/** Adds the verb. */
export function register(policy: Command, context: Context): void {
  policy
    .command('reach <agent>')
    .description('show what an agent could touch now if it were stolen, and what bounds it')
    .option('--person <name>', 'only on behalf of this person, also where nothing is delegated now')
    .action((agent: string, options: { person?: string }) => reach(context, agent, options))
}
