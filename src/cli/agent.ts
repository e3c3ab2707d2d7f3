// Holds `agent`: registering agents, listing, showing and changing them, their roles, and join tokens of their instances.

import { resolve } from 'node:path'
import type { Command } from 'commander'
import { Agent, JoinTokenAnswer } from '../wire/api/agent.ts'
import { InstancesAnswer } from '../wire/api/instance.ts'
import { drawAgent, drawAgents } from './agent/draw.ts'
import { registerObserving } from './agent/observe.ts'
import { registerRoles } from './agent/role.ts'
import { said, saidOptions, stateOf, yesOrNo, type SaidOptions } from './agent/said.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { everyAgent } from './control/lists.ts'
import { writeSecretFile } from './control/secret-file.ts'
import { fault } from './faults.ts'
import { drawInstances } from './instance.ts'
import { reasonOf } from './reason.ts'
import { repeated } from './repeat.ts'
import { when } from './terminal/when.ts'

interface AddOptions extends SaidOptions {
  readonly purpose: string
  readonly unattended?: boolean
  readonly taskless?: boolean
  readonly pending?: boolean
  readonly reason?: string
}

async function add(context: Context, name: string, options: AddOptions): Promise<void> {
  const { screen } = context
  const control = await context.control()
  const { review_at: review, expires_at: expires, ...rest } = said(options, screen.now)
  const body = {
    name,
    purpose: options.purpose,
    ...rest,
    roles: options.role ?? [],
    unattended: options.unattended === true,
    taskless: options.taskless === true,
    review_at: review ?? undefined,
    expires_at: expires ?? undefined,
    state: options.pending === true ? 'pending' : undefined,
    reason: options.reason,
  }
  const agent = await control.send('POST', '/v1/agents', body, Agent)
  screen.answer(agent, (surface) => drawAgent(agent, surface, screen.now))
}

interface ListOptions {
  readonly state?: string
  readonly owner?: string
  readonly environment?: string
  readonly orphaned?: boolean
  readonly reviewDue?: boolean
  readonly idle?: boolean
  readonly match?: string
}

async function list(context: Context, options: ListOptions): Promise<void> {
  const { owner, environment, orphaned, reviewDue, idle, match } = options
  const agents = await everyAgent(await context.control(), {
    state: stateOf(options.state),
    owner,
    environment,
    orphaned: orphaned === true ? 'true' : undefined,
    review_due: reviewDue === true ? 'true' : undefined,
    idle: idle === true ? 'true' : undefined,
    match,
  })
  context.screen.answer({ agents }, (surface) => drawAgents(agents, surface))
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

interface UpdateOptions extends SaidOptions {
  readonly purpose?: string
  readonly state?: string
  readonly taskless?: string
  readonly reason?: string
}

async function update(context: Context, name: string, options: UpdateOptions): Promise<void> {
  const { screen } = context
  const change = {
    purpose: options.purpose,
    state: stateOf(options.state),
    taskless: yesOrNo('--taskless', options.taskless),
    ...said(options, screen.now),
  }
  if (Object.values(change).every((member) => member === undefined)) {
    throw fault('cli.usage', 'nothing to change: give --purpose, --owner, --role, --state or more')
  }
  const reason = await reasonOf(context, options.reason)
  const body = { ...change, reason }
  const control = await context.control()
  const agent = await control.send('PATCH', target(['v1', 'agents', name]), body, Agent)
  screen.answer(agent, (surface) => drawAgent(agent, surface, screen.now))
}

/** A task for the instance of one join token: all that it is given. */
function ownTask(intent: string, scope: readonly string[] = ['*']) {
  return { intent, allow: scope.map((action) => ({ action })) }
}

interface TokenOptions {
  readonly unattended?: boolean
  readonly scope?: readonly string[]
  readonly depth?: string
  readonly task?: string
  readonly intent?: string
  readonly out?: string
}

async function token(context: Context, name: string, options: TokenOptions): Promise<void> {
  const control = await context.control()
  const path = target(['v1', 'agents', name, 'join-tokens'])
  const body = {
    unattended: options.unattended === true,
    ...(options.scope !== undefined && { scope: options.scope }),
    ...(options.depth !== undefined && { depth: Number(options.depth) }),
    task: options.intent === undefined ? options.task : ownTask(options.intent, options.scope),
  }
  const answer = await control.send('POST', path, body, JoinTokenAnswer)
  const { screen, shell } = context
  const { token: secret, ...rest } = answer
  const whose = answer.on_behalf_of === null ? 'nobody' : answer.on_behalf_of
  screen.say(`join token for one instance of ${answer.agent}, on behalf of ${whose}`)
  if (answer.task === null) screen.say('it is bound to no task: open one with bailiwick task open')
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
  const agent = program
    .command('agent')
    .description('agents: register, list, show, change, roles, join tokens')
  saidOptions(agent.command('add <name>'))
    .description('register an agent, which is active at once')
    .requiredOption('--purpose <text>', 'what it is for, in one sentence')
    .option('--owner <owner>', 'who answers for it: a person, or team:NAME (default: you)')
    .option('--role <role>', 'a role that policies know; may be repeated', repeated)
    .option('--unattended', 'let it act without a person, where a policy names it')
    .option('--taskless', 'let it act without a task, where a policy names it')
    .option('--pending', 'leave it waiting, to be activated later')
    .option('--reason <text>', 'why; stands in the record, and with its roles')
    .action((name: string, options: AddOptions) => add(context, name, options))
  agent
    .command('ls')
    .description('list agents')
    .option('--state <state>', 'only those in this state')
    .option('--owner <owner>', 'only those of a person, or of team:NAME')
    .option('--environment <name>', 'only those of an environment')
    .option('--orphaned', 'only those that nobody who is here owns')
    .option('--review-due', 'only those whose date of review has come')
    .option('--idle', 'only those of which no instance is alive')
    .option('--match <text>', 'only those with this text in their name or purpose')
    .action((options: ListOptions) => list(context, options))
  agent
    .command('show <name>')
    .description('one agent, its roles and its live instances')
    .action((name: string) => show(context, name))
  saidOptions(agent.command('update <name>'))
    .description('change an agent')
    .option('--purpose <text>', 'what it is for')
    .option('--owner <owner>', 'who answers for it: a person, or team:NAME')
    .option('--role <role>', 'exactly its roles from now on; may be repeated', repeated)
    .option('--state <state>', 'active, suspended, or retired (final)')
    .option('--taskless <yes|no>', 'whether it may act without a task, where a policy names it')
    .option('--reason <text>', 'why; stands in the record')
    .action((name: string, options: UpdateOptions) => update(context, name, options))
  registerRoles(agent, context)
  registerObserving(agent, context)
  agent
    .command('token <name>')
    .description('make a join token for one instance; it is shown once')
    .option('--unattended', 'for an instance that acts on nobody’s behalf')
    .option(
      '--scope <pattern>',
      'hand over only this: system/action or system/*; may be repeated',
      repeated,
    )
    .option('--depth <links>', 'how many agents may follow below it, 0 to 4 (default: none)')
    .option('--task <id>', 'the only task that its instance may work on')
    .option('--intent <text>', 'open a task for its instance with these words, which ends with it')
    .option('--out <file>', 'write it to a new file (0600) instead of showing it')
    .action((name: string, options: TokenOptions) => token(context, name, options))
}
