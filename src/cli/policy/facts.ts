// Holds what policies are held against: the systems and the registered of a running server, or a file of them.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { Fault } from '../../std/fault.ts'
import { parseJson, RESPONSE_LIMITS } from '../../std/json.ts'
import { PolicyFacts } from '../../wire/api/policy-facts.ts'
import { ChecksAnswer } from '../../wire/api/check.ts'
import { PeopleAnswer } from '../../wire/api/person.ts'
import { SystemsAnswer } from '../../wire/api/system.ts'
import type { Context } from '../context.ts'
import { everyAgent, everyTeam } from '../control/lists.ts'
import { fault } from '../faults.ts'

/** The option of every verb that takes facts. */
export interface FactsOptions {
  readonly systems?: string
}

/** Words of that option. */
export const SYSTEMS_OPTION = [
  '--systems <file>',
  'without a server: what `bailiwick policy facts` wrote',
] as const

async function fromServer(context: Context): Promise<PolicyFacts> {
  const control = await context.control()
  const { systems } = await control.get('/v1/systems', SystemsAnswer)
  const { people } = await control.get('/v1/people', PeopleAnswer)
  const { checks } = await control.get('/v1/checks', ChecksAnswer)
  const agents = await everyAgent(control)
  return PolicyFacts.parse({
    systems,
    agents: agents.filter(({ state }) => state !== 'retired'),
    people: people.filter(({ state }) => state === 'active'),
    teams: (await everyTeam(control)).map(({ name, members }) => ({
      name,
      members: members.filter(({ left }) => !left),
    })),
    checks,
  })
}

function fromFile(path: string, given: string): PolicyFacts {
  let tree: unknown
  try {
    tree = parseJson(readFileSync(path), RESPONSE_LIMITS)
  } catch (cause) {
    const why = cause instanceof Fault ? `is no JSON: ${cause.detail}` : 'cannot be read'
    throw fault('cli.file', `${given} ${why}`, cause)
  }
  const read = PolicyFacts.safeParse(tree)
  if (read.success) return read.data
  const issue = read.error.issues[0]
  const member = issue?.path.join('.') ?? ''
  throw fault(
    'cli.file',
    `${given} is not what \`bailiwick policy facts\` writes: look at \`${member}\``,
  )
}

/** The facts of a file, where one is named, and of the running server otherwise. */
export function factsOf(context: Context, { systems }: FactsOptions): Promise<PolicyFacts> {
  if (systems === undefined) return fromServer(context)
  return Promise.resolve(fromFile(resolve(context.shell.cwd, systems), systems))
}

/** Adds the verb. */
export function register(policy: Command, context: Context): void {
  policy
    .command('facts')
    .description(
      'write what check and test need where no server runs: systems, agents, people, teams, checks',
    )
    .action(async () => {
      const { prettyJson } = await import('../terminal/json.ts')
      context.screen.data(`${prettyJson(await fromServer(context))}\n`)
    })
}
