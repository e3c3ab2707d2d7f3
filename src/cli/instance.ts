// Holds `instance`: which copies of agents run, and ending one.

import type { Command } from 'commander'
import { Instance, InstancesAnswer } from '../wire/api/instance.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { reasonOf } from './reason.ts'
import { table, type Surface } from './terminal/table.ts'
import { when } from './terminal/when.ts'

const STATE_STYLE = { live: 'green', revoked: 'red' } as const

/** A table of instances. */
export function drawInstances(
  instances: readonly Instance[],
  surface: Surface,
  now: number,
): string {
  return table(
    [{ title: 'INSTANCE', whole: true }, 'AGENT', 'STATE', 'FOR', 'ENROLLED', 'LIFE ENDS'],
    instances.map((instance) => [
      instance.id,
      instance.agent,
      { text: instance.state, style: STATE_STYLE[instance.state] },
      instance.on_behalf_of ?? 'nobody',
      when(instance.created_at, now),
      when(instance.life_ends, now),
    ]),
    surface,
  )
}

async function list(context: Context, options: { readonly agent?: string }): Promise<void> {
  const control = await context.control()
  const path = target(['v1', 'instances'], { agent: options.agent })
  const answer = await control.get(path, InstancesAnswer)
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
    .action((options: { agent?: string }) => list(context, options))
  instance
    .command('revoke <id>')
    .description('end an instance: its next call is refused, and what it has under way is cut')
    .option('--reason <text>', 'why; stands in the record')
    .action((id: string, options: { reason?: string }) => revoke(context, id, options))
}
