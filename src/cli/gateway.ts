// Holds `gateway`: processes that carry calls out where systems are, registered at control and run wherever they stand.

import { readFileSync } from 'node:fs'
import { Option, type Command } from 'commander'
import { Gateway, GatewayInvited, GatewaysAnswer } from '../wire/api/gateway.ts'
import { because } from './because.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { fault } from './faults.ts'
import type { GatewayRunOptions } from './gateway-run.ts'
import { reasonOf } from './reason.ts'
import { table, type Surface } from './terminal/table.ts'
import { when } from './terminal/when.ts'

interface Assignment {
  readonly systems?: string
  readonly host?: readonly string[]
  readonly reason?: string
}

function draw(gateways: readonly Gateway[], surface: Surface, now: number): string {
  return table(
    ['NAME', 'STATE', 'SYSTEMS', 'REACHED AT', 'SINCE', 'CALLS'],
    gateways.map(({ hosts, link, name, state, systems }) => [
      name,
      link?.state === 'away' ? { text: 'away', style: 'red' } : stateOf(state, link),
      systems === null ? 'every one' : systems.join(', '),
      link?.urls?.[0] ?? hosts.join(', '),
      link === undefined ? '' : when(link.since, now),
      link?.calls === undefined ? '' : String(link.calls),
    ]),
    surface,
  )
}

function stateOf(state: Gateway['state'], link: Gateway['link']): string {
  if (state === 'in_process') return 'with control'
  return state === 'active' ? (link?.state ?? 'away') : state
}

/** `a,b`; `*` for every system. */
function systemsOf(text: string | undefined): { systems?: readonly string[] | null } {
  if (text === undefined) return {}
  if (text === '*') return { systems: null }
  return { systems: text.split(',').map((one) => one.trim()) }
}

function bodyOf({ host, systems }: Assignment): object {
  return { ...systemsOf(systems), ...(host !== undefined && { hosts: host }) }
}

function tell(context: Context, invited: GatewayInvited): void {
  const { screen } = context
  const { control, identity, name } = invited
  screen.say(
    `the join token of ${name} follows; nothing shows it again, and it is good for ten minutes`,
  )
  screen.answer(invited, () => `${invited.token}\n`)
  const at = control ?? 'HOST:7444 (start control with --link-port)'
  screen.say('on the machine of the gateway, with the token in a file that only it can read:')
  screen.say(`  bailiwick gateway run --join-file FILE --identity ${identity} --control ${at}`)
}

async function add(context: Context, name: string, options: Assignment): Promise<void> {
  if (options.systems === undefined) {
    throw fault('cli.usage', "--systems names what it may reach: `a,b`, or '*' for every system")
  }
  const reason = await reasonOf(context, options.reason)
  const body = { name, ...bodyOf(options), reason }
  tell(context, await (await context.control()).send('POST', '/v1/gateways', body, GatewayInvited))
}

async function list(context: Context): Promise<void> {
  const answer = await (await context.control()).get('/v1/gateways', GatewaysAnswer)
  const { screen } = context
  screen.answer(answer, (surface) => draw(answer.gateways, surface, screen.now))
}

async function change(context: Context, name: string, options: Assignment): Promise<void> {
  const reason = await reasonOf(context, options.reason)
  const path = target(['v1', 'gateways', name, 'change'])
  const body = { ...bodyOf(options), reason }
  const changed = await (await context.control()).send('POST', path, body, Gateway)
  const { screen } = context
  screen.answer(changed, (surface) => draw([changed], surface, screen.now))
}

async function invite(
  context: Context,
  name: string,
  { reason }: { readonly reason?: string },
): Promise<void> {
  tell(context, await because(context, ['v1', 'gateways', name, 'invite'], reason, GatewayInvited))
}

async function remove(
  context: Context,
  name: string,
  { reason }: { readonly reason?: string },
): Promise<void> {
  const removed = await because(context, ['v1', 'gateways', name, 'remove'], reason, Gateway)
  context.screen.answer(removed, () => `removed: ${removed.name}\n`)
}

function several(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

function port(text: string): number {
  const value = Number(text)
  if (/^\d{1,5}$/.test(text) && value <= 65_535) return value
  throw fault('cli.usage', `\`${text.slice(0, 32)}\` is no port: 0 to 65535, 0 for any free one`)
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const gateway = program
    .command('gateway')
    .description('gateways that run on their own: add, list, change, invite, remove, run')
  const assigned = (command: Command): Command =>
    command
      .option('--systems <names>', "systems that it may reach: `a,b`, or '*' for every one")
      .option(
        '--host <name>',
        'a name or address under which agents reach it; may be repeated',
        several,
      )
      .option('--reason <text>', 'why; stands in the record')
  assigned(
    gateway.command('add <name>').description('register one; its join token is printed this once'),
  ).action((name: string, options: Assignment) => add(context, name, options))
  gateway
    .command('ls')
    .alias('list')
    .description('gateways, and how they are connected')
    .action(() => list(context))
  assigned(gateway.command('change <name>').description('assign other systems or names')).action(
    (name: string, options: Assignment) => change(context, name, options),
  )
  gateway
    .command('invite <name>')
    .description('let one enrol again; what it has goes on until it does')
    .option('--reason <text>', 'why; stands in the record')
    .action((name: string, options: { reason?: string }) => invite(context, name, options))
  gateway
    .command('rm <name>')
    .description('remove one: it is let in no more, and what it carries out is cut')
    .option('--reason <text>', 'why; stands in the record')
    .action((name: string, options: { reason?: string }) => remove(context, name, options))
  gateway
    .command('run')
    .description('run a gateway: its home is --home, and nothing of control is needed there')
    .requiredOption(
      '--control <addresses>',
      'host:port of control; several, with commas, where one stands by',
    )
    .option('--join-file <file>', 'enrol with the join token in a file, or - for standard input')
    .option('--identity <url>', 'with --join-file: the identity listener')
    .option('--host <address>', 'address that it listens on (127.0.0.1)')
    .addOption(new Option('--port <port>', 'for agents (7443)').argParser(port))
    .addOption(
      new Option('--plain-port <port>', 'for agents with tokens, on this machine (none)').argParser(
        port,
      ),
    )
    .action(async (options: GatewayRunOptions) => {
      const { runGateway } = await import('./gateway-run.ts')
      await runGateway(context, options, (file) => readFileSync(file, 'utf8'))
    })
}
