// Holds `instance`: which copies of agents run, and ending one.

import type { Command } from 'commander'
import { Instance, InstancesAnswer } from '../wire/api/instance.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { reasonOf } from './reason.ts'
import { table, type Surface } from './terminal/table.ts'
import { when } from './terminal/when.ts'

const STATE_STYLE = { live: 'green', expired: 'dim', revoked: 'red', ended: 'dim' } as const

/** A table of instances. */
export function drawInstances(
  instances: readonly Instance[],
  surface: Surface,
  now: number,
): string {
  return table(
    ['INSTANCE', 'AGENT', 'STATE', 'FOR', 'ENROLLED', 'LIFE ENDS', 'ENDED'],
    instances.map((instance) => [
      instance.id,
      instance.agent,
      { text: instance.state, style: STATE_STYLE[instance.state] },
      instance.on_behalf_of ?? 'nobody',
      when(instance.created_at, now),
      when(instance.life_ends, now),
      instance.ended === null ? '' : instance.ended.reason,
    ]),
    surface,
  )
}

async function list(
  context: Context,
  options: { readonly agent?: string; readonly all?: boolean },
): Promise<void> {
  const query = { agent: options.agent, state: options.all === true ? 'all' : undefined }
  const control = await context.control()
  const answer = await control.get(target(['v1', 'instances'], query), InstancesAnswer)
  const { screen } = context
  screen.answer(answer, (surface) => drawInstances(answer.instances, surface, screen.now))
}

async function revoke(
  context: Context,
  id: string,
  options: { readonly reason?: string },
): Promise<void> {
  const reason = await reasonOf(context, options.reason)
  const control = await context.control()
  const path = target(['v1', 'instances', id, 'revoke'])
  const instance = await control.send('POST', path, { reason }, Instance)
  const { screen } = context
  screen.answer(instance, (surface) => drawInstances([instance], surface, screen.now))
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const instance = program.command('instance').description('running instances: list, revoke')
  instance
    .command('ls')
    .description('list live instances')
    .option('--agent <name>', 'of this agent only')
    .option('--all', 'those that ended as well')
    .action((options: { agent?: string; all?: boolean }) => list(context, options))
  instance
    .command('revoke <id>')
    .description('end an instance: its next call is refused, and what it has under way is cut')
    .option('--reason <text>', 'why; stands in the record')
    .action((id: string, options: { reason?: string }) => revoke(context, id, options))
}
