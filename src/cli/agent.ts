// Holds `agent`: registering agents, showing and changing them, and the join tokens of their instances.

import { resolve } from 'node:path'
import type { Command } from 'commander'
import { Agent, AgentsAnswer, AgentState, JoinTokenAnswer } from '../wire/api/agent.ts'
import { InstancesAnswer } from '../wire/api/instance.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { writeSecretFile } from './control/secret-file.ts'
import { fault } from './faults.ts'
import { drawInstances } from './instance.ts'
import { reasonOf } from './reason.ts'
import { repeated } from './repeat.ts'
import { fields, table, type Cell, type Surface } from './terminal/table.ts'
import { when } from './terminal/when.ts'

const STATE_STYLE = {
  discovered: 'yellow',
  pending: 'yellow',
  active: 'green',
  suspended: 'yellow',
  retired: 'dim',
} as const

function state(agent: Agent): Cell {
  return { text: agent.state, style: STATE_STYLE[agent.state] }
}

function drawAgent(agent: Agent, surface: Surface, now: number): string {
  return fields(
    [
      ['agent', agent.name],
      ['state', state(agent)],
      ['purpose', agent.purpose],
      ['owner', agent.owner],
      ['roles', agent.roles.join(' ') || 'none'],
      ['acts', agent.unattended ? 'also without a person' : 'on behalf of a person only'],
      ['registered', when(agent.created_at, now)],
      ['instances', `${agent.instances_live} live`],
    ],
    surface,
  )
}

interface AddOptions {
  readonly purpose: string
  readonly owner?: string
  readonly role?: readonly string[]
  readonly unattended?: boolean
}

async function add(context: Context, name: string, options: AddOptions): Promise<void> {
  const control = await context.control()
  const body = {
    name,
    purpose: options.purpose,
    owner: options.owner,
    roles: options.role ?? [],
    unattended: options.unattended === true,
  }
  const agent = await control.send('POST', '/v1/agents', body, Agent)
  const { screen } = context
  screen.answer(agent, (surface) => drawAgent(agent, surface, screen.now))
}

async function list(context: Context): Promise<void> {
  const answer = await (await context.control()).get('/v1/agents', AgentsAnswer)
  context.screen.answer(answer, (surface) =>
    table(
      ['NAME', 'STATE', 'LIVE', 'OWNER', 'ROLES', 'PURPOSE'],
      answer.agents.map((agent) => [
        agent.name,
        state(agent),
        agent.instances_live,
        agent.owner,
        agent.roles.join(' '),
        agent.purpose,
      ]),
      surface,
    ),
  )
}

async function show(context: Context, name: string): Promise<void> {
  const control = await context.control()
  const agent = await control.get(target(['v1', 'agents', name]), Agent)
  const path = target(['v1', 'instances'], { agent: name })
  const { instances } = await control.get(path, InstancesAnswer)
  const { screen } = context
  screen.answer({ ...agent, instances }, (surface) => {
    const head = drawAgent(agent, surface, screen.now)
    return instances.length === 0
      ? head
      : `${head}\n${drawInstances(instances, surface, screen.now)}`
  })
}

interface UpdateOptions {
  readonly purpose?: string
  readonly role?: readonly string[]
  readonly state?: string
  readonly reason?: string
}

async function update(context: Context, name: string, options: UpdateOptions): Promise<void> {
  const { purpose, role } = options
  const wanted = AgentState.optional().safeParse(options.state)
  if (!wanted.success) {
    throw fault('cli.usage', `--state is one of ${AgentState.options.join(', ')}`)
  }
  if (purpose === undefined && role === undefined && wanted.data === undefined) {
    throw fault('cli.usage', 'nothing to change: give --purpose, --role or --state')
  }
  const reason = await reasonOf(context, options.reason)
  const body = { purpose, roles: role, state: wanted.data, reason }
  const control = await context.control()
  const agent = await control.send('PATCH', target(['v1', 'agents', name]), body, Agent)
  const { screen } = context
  screen.answer(agent, (surface) => drawAgent(agent, surface, screen.now))
}

async function token(
  context: Context,
  name: string,
  options: { readonly unattended?: boolean; readonly out?: string },
): Promise<void> {
  const control = await context.control()
  const path = target(['v1', 'agents', name, 'join-tokens'])
  const body = { unattended: options.unattended === true }
  const answer = await control.send('POST', path, body, JoinTokenAnswer)
  const { screen, shell } = context
  const { token: secret, ...rest } = answer
  const whose = answer.on_behalf_of === null ? 'nobody' : answer.on_behalf_of
  screen.say(`join token for one instance of ${answer.agent}, on behalf of ${whose}`)
  screen.say(`enrols once at ${answer.identity_url}, until ${when(answer.expires_at, screen.now)}`)
  if (options.out === undefined) {
    screen.say('this is the only time it is shown')
    screen.answer(answer, () => `${secret}\n`)
    return
  }
  const file = resolve(shell.cwd, options.out)
  writeSecretFile(file, `${secret}\n`)
  screen.answer({ ...rest, file }, () => '')
  screen.say(`written to ${file}, readable by this account alone`)
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const agent = program.command('agent').description('agents: register, show, change, join tokens')
  agent
    .command('add <name>')
    .description('register an agent')
    .requiredOption('--purpose <text>', 'what it is for, in one sentence')
    .option('--owner <person>', 'who answers for it (default: you)')
    .option('--role <role>', 'a role that policies know; may be repeated', repeated)
    .option('--unattended', 'let it act without a person, where a policy names it')
    .action((name: string, options: AddOptions) => add(context, name, options))
  agent
    .command('ls')
    .description('list agents')
    .action(() => list(context))
  agent
    .command('show <name>')
    .description('one agent and its live instances')
    .action((name: string) => show(context, name))
  agent
    .command('update <name>')
    .description('change an agent')
    .option('--purpose <text>', 'what it is for')
    .option('--role <role>', 'its roles from now on; may be repeated', repeated)
    .option('--state <state>', 'active, suspended, or retired (final)')
    .option('--reason <text>', 'why; stands in the record')
    .action((name: string, options: UpdateOptions) => update(context, name, options))
  agent
    .command('token <name>')
    .description('make a join token for one instance; it is shown once')
    .option('--unattended', 'for an instance that acts on nobody’s behalf')
    .option('--out <file>', 'write it to a new file (0600) instead of showing it')
    .action((name: string, options: { unattended?: boolean; out?: string }) =>
      token(context, name, options),
    )
}
