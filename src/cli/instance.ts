// Holds `instance`: which copies of agents run, what vouched for one, and ending it.

import type { Command } from 'commander'
import { Instance, InstancesAnswer } from '../wire/api/instance.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { reasonOf } from './reason.ts'
import { fields, table, type Surface } from './terminal/table.ts'
import { when } from './terminal/when.ts'

const STATE_STYLE = { live: 'green', revoked: 'red' } as const

/** A table of instances. */
export function drawInstances(
  instances: readonly Instance[],
  surface: Surface,
  now: number,
): string {
  return table(
    [{ title: 'INSTANCE', whole: true }, 'AGENT', 'STATE', 'FOR', 'BY', 'ENROLLED', 'LIFE ENDS'],
    instances.map((instance) => [
      instance.id,
      instance.agent,
      { text: instance.state, style: STATE_STYLE[instance.state] },
      instance.on_behalf_of ?? 'nobody',
      by(instance),
      when(instance.created_at, now),
      when(instance.life_ends, now),
    ]),
    surface,
  )
}

/** What vouched for it, in a word. */
function by({ attested_by: attested }: Instance): string {
  return attested?.source ?? (attested?.attestor ?? 'join_token').replace('_', ' ')
}

type Fact = readonly [name: string, value: string | undefined]

/** One instance with everything that vouched for it. */
function drawInstance(instance: Instance, surface: Surface, now: number): string {
  const { attested_by: attested, composition, replaces } = instance
  const rows: Fact[] = [
    ['spiffe id', instance.spiffe_id],
    ['vouched for by', by(instance)],
    ['as', attested?.subject ?? undefined],
    ['registration', attested?.registration ?? undefined],
    ...(attested?.selectors ?? []).map((selector): Fact => ['selector', selector]),
    ...Object.entries(composition).map(([element, { value, assurance }]): Fact => [
      element,
      `${value} (${assurance})`,
    ]),
    ['replaces', replaces ?? undefined],
  ]
  return `${drawInstances([instance], surface, now)}\n${fields(rows, surface)}`
}

async function show(context: Context, id: string): Promise<void> {
  const control = await context.control()
  const instance = await control.get(target(['v1', 'instances', id]), Instance)
  const { screen } = context
  screen.answer(instance, (surface) => drawInstance(instance, surface, screen.now))
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
  const instance = program.command('instance').description('running instances: list, show, revoke')
  instance
    .command('ls')
    .description('list live instances')
    .option('--agent <name>', 'of this agent only')
    .action((options: { agent?: string }) => list(context, options))
  instance
    .command('show <id>')
    .description('one instance, what vouched for it and what it is made of')
    .action((id: string) => show(context, id))
  instance
    .command('revoke <id>')
    .description('end an instance: its next call is refused, and what it has under way is cut')
    .option('--reason <text>', 'why; stands in the record')
    .action((id: string, options: { reason?: string }) => revoke(context, id, options))
}
