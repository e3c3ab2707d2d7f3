// Holds `registration`: which workloads become instances of which agent, added, listed and removed.

import type { Command } from 'commander'
import { Registration, type NewRegistration } from '../wire/api/registration.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { everyRegistration } from './control/lists.ts'
import { fault } from './faults.ts'
import { momentOf } from './moment.ts'
import { reasonOf } from './reason.ts'
import { repeated } from './repeat.ts'
import { table, type Surface } from './terminal/table.ts'
import { when } from './terminal/when.ts'

function drawRegistrations(all: readonly Registration[], surface: Surface, now: number): string {
  return table(
    [{ title: 'REGISTRATION', whole: true }, 'AGENT', 'BY', 'SELECTORS', 'FOR', 'ENDS'],
    all.map((one) => [
      one.id,
      one.agent,
      one.source ?? one.attestor,
      one.selectors.join(' '),
      one.on_behalf_of ?? 'nobody',
      one.in_force
        ? one.expires_at === null
          ? 'never'
          : when(one.expires_at, now)
        : { text: 'not in force', style: 'red' as const },
    ]),
    surface,
  )
}

interface AddOptions {
  readonly attestor: string
  readonly source?: string
  readonly selector: readonly string[]
  readonly prove?: readonly string[]
  readonly scope?: readonly string[]
  readonly unattended?: boolean
  readonly expires?: string
}

const ATTESTORS = ['unix', 'oidc', 'x509pop'] as const

async function add(context: Context, agent: string, options: AddOptions): Promise<void> {
  const { screen } = context
  const attestor = ATTESTORS.find((one) => one === options.attestor)
  if (attestor === undefined) {
    throw fault('cli.usage', `--attestor is one of ${ATTESTORS.join(', ')}`)
  }
  const { expires } = options
  const body: NewRegistration = {
    agent,
    attestor,
    selectors: [...options.selector],
    unattended: options.unattended === true,
    ...(options.source !== undefined && { source: options.source }),
    ...(options.prove !== undefined && { composition: proven(options.prove) }),
    ...(options.scope !== undefined && { scope: [...options.scope] }),
    ...(expires !== undefined && { expires_at: momentOf('--expires', expires, screen.now) }),
  }
  const control = await context.control()
  const registration = await control.send('POST', '/v1/registrations', body, Registration)
  screen.answer(registration, (surface) => drawRegistrations([registration], surface, screen.now))
}

/** `code=sha256` and the like: which element is taken from which fact of the evidence. */
function proven(pairs: readonly string[]): Record<string, string> {
  const read = pairs.map((pair): [string, string] => {
    const at = pair.indexOf('=')
    if (at < 1) throw fault('cli.usage', '--prove takes ELEMENT=FACT, for example code=sha256')
    return [pair.slice(0, at), pair.slice(at + 1)]
  })
  return Object.fromEntries(read)
}

async function list(context: Context, options: { readonly agent?: string }): Promise<void> {
  const control = await context.control()
  const registrations = await everyRegistration(control, { agent: options.agent })
  const { screen } = context
  screen.answer({ registrations }, (surface) =>
    drawRegistrations(registrations, surface, screen.now),
  )
}

async function remove(
  context: Context,
  id: string,
  options: { readonly reason?: string },
): Promise<void> {
  const reason = await reasonOf(context, options.reason)
  const control = await context.control()
  const path = target(['v1', 'registrations', id, 'remove'])
  const answer = await control.send('POST', path, { reason }, Registration)
  context.screen.answer(answer, () => `removed ${answer.id}\n`)
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const registration = program
    .command('registration')
    .description('which workloads are instances of which agent: add, list, remove')
  registration
    .command('add <agent>')
    .description('make workloads with these facts instances of an agent, on your behalf')
    .requiredOption('--attestor <name>', 'what vouches for them: unix, oidc or x509pop')
    .requiredOption(
      '--selector <selector>',
      'a fact that they have, as ATTESTOR:NAME:VALUE; may be repeated, and all have to hold',
      repeated,
    )
    .option('--source <name>', 'the trust source, for oidc and x509pop')
    .option('--unattended', 'let them act on nobody’s behalf')
    .option(
      '--scope <pattern>',
      'narrow them to SYSTEM/ACTION or SYSTEM/*; may be repeated',
      repeated,
    )
    .option(
      '--prove <element=fact>',
      'take instructions, tools, model or code from a fact of the evidence; may be repeated',
      repeated,
    )
    .option('--expires <when>', 'end it then: 30d, or a day (default: in 90 days)')
    .action((agent: string, options: AddOptions) => add(context, agent, options))
  registration
    .command('ls')
    .description('list registrations')
    .option('--agent <name>', 'of this agent only')
    .action((options: { agent?: string }) => list(context, options))
  registration
    .command('rm <id>')
    .description('remove a registration, and end the instances that enrolled by it')
    .option('--reason <text>', 'why; stands in the record')
    .action((id: string, options: { reason?: string }) => remove(context, id, options))
}
