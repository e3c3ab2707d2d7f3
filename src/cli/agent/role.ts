// Holds `agent role`: assigning a role with a reason and perhaps an end, taking it away, confirming it.

import type { Command } from 'commander'
import { Agent } from '../../wire/api/agent.ts'
import type { Context } from '../context.ts'
import { target } from '../control/control.ts'
import { momentOf } from '../moment.ts'
import { reasonOf } from '../reason.ts'
import { drawAgent } from './draw.ts'

interface RoleOptions {
  readonly reason?: string
  readonly expires?: string
}

async function send(
  context: Context,
  segments: readonly string[],
  options: RoleOptions,
  more: object = {},
): Promise<void> {
  const reason = await reasonOf(context, options.reason)
  const control = await context.control()
  const agent = await control.send('POST', target(segments), { ...more, reason }, Agent)
  const { screen } = context
  screen.answer(agent, (surface) => drawAgent(agent, surface, screen.now))
}

async function assign(
  context: Context,
  name: string,
  role: string,
  options: RoleOptions,
): Promise<void> {
  const { expires } = options
  const { now } = context.screen
  const end = expires === undefined ? undefined : momentOf('--expires', expires, now)
  await send(context, ['v1', 'agents', name, 'roles'], options, { role, expires_at: end })
}

/** Adds the verbs. */
export function registerRoles(agent: Command, context: Context): void {
  const role = agent.command('role').description('roles of an agent: assign, remove, review')
  role
    .command('assign <name> <role>')
    .description('assign a role, or give one that it has another reason or end')
    .option('--reason <text>', 'why; stands in the record')
    .option('--expires <when>', 'when it is gone again: 30d, 12h, or a date')
    .action((name: string, of: string, options: RoleOptions) => assign(context, name, of, options))
  role
    .command('remove <name> <role>')
    .description('take a role away')
    .option('--reason <text>', 'why; stands in the record')
    .action((name: string, of: string, options: RoleOptions) =>
      send(context, ['v1', 'agents', name, 'roles', of, 'remove'], options),
    )
  role
    .command('review <name> <role>')
    .description('note that you looked at a role, and that it is right')
    .option('--reason <text>', 'why; stands in the record')
    .action((name: string, of: string, options: RoleOptions) =>
      send(context, ['v1', 'agents', name, 'roles', of, 'review'], options),
    )
}
