// Holds `team`: people who answer for agents together, listed, shown, made and changed.

import type { Command } from 'commander'
import { Team } from '../wire/api/team.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { everyTeam } from './control/lists.ts'
import { reasonOf } from './reason.ts'
import { repeated } from './repeat.ts'
import { table, type Surface } from './terminal/table.ts'
import { when } from './terminal/when.ts'

function drawTeams(teams: readonly Team[], surface: Surface, now: number): string {
  return table(
    ['NAME', 'MEMBERS', 'AGENTS', 'SINCE'],
    teams.map((team) => [
      team.name,
      team.members.map(({ name, left }) => (left ? `${name} (left)` : name)).join(' '),
      team.agents,
      when(team.created_at, now),
    ]),
    surface,
  )
}

function answer({ screen }: Context, team: Team): void {
  screen.answer(team, (surface) => drawTeams([team], surface, screen.now))
}

interface MemberOptions {
  readonly member?: readonly string[]
  readonly add?: readonly string[]
  readonly remove?: readonly string[]
  readonly reason?: string
}

async function add(context: Context, name: string, options: MemberOptions): Promise<void> {
  const reason = await reasonOf(context, options.reason)
  const body = { name, members: options.member, reason }
  answer(context, await (await context.control()).send('POST', '/v1/teams', body, Team))
}

async function change(context: Context, name: string, options: MemberOptions): Promise<void> {
  const reason = await reasonOf(context, options.reason)
  const body = { add: options.add, remove: options.remove, reason }
  const control = await context.control()
  answer(context, await control.send('PATCH', target(['v1', 'teams', name]), body, Team))
}

async function list(context: Context): Promise<void> {
  const teams = await everyTeam(await context.control())
  const { screen } = context
  screen.answer({ teams }, (surface) => drawTeams(teams, surface, screen.now))
}

async function show(context: Context, name: string): Promise<void> {
  answer(context, await (await context.control()).get(target(['v1', 'teams', name]), Team))
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const team = program.command('team').description('teams that own agents: add, list, show, change')
  team
    .command('add <name>')
    .description('make a team')
    .requiredOption('--member <person>', 'a person who is in it; may be repeated', repeated)
    .option('--reason <text>', 'why; stands in the record')
    .action((name: string, options: MemberOptions) => add(context, name, options))
  team
    .command('ls')
    .description('list teams')
    .action(() => list(context))
  team
    .command('show <name>')
    .description('one team and who is in it')
    .action((name: string) => show(context, name))
  team
    .command('change <name>')
    .description('put people into a team, or take them out')
    .option('--add <person>', 'who comes in; may be repeated', repeated)
    .option('--remove <person>', 'who goes out; may be repeated', repeated)
    .option('--reason <text>', 'why; stands in the record')
    .action((name: string, options: MemberOptions) => change(context, name, options))
}
