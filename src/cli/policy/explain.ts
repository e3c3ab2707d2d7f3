// Holds `policy explain`: what would be decided for a call, by which conditions, and what would allow it.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { ExplainAnswer, ExplainCallAnswer } from '../../wire/api/explanation.ts'
import { readInput } from '../call/input.ts'
import type { Context } from '../context.ts'
import { fault } from '../faults.ts'
import { drawDecided, drawExplanation } from './draw-explanation.ts'

interface Options {
  readonly call?: string
  readonly agent?: string
  readonly person?: string
  readonly unattended?: boolean
  readonly task?: string
  readonly json?: string
  readonly values: boolean
}

/** The arguments: of a file, of `--json`, or none. */
function textOf(file: string | undefined, json: string | undefined, cwd: string) {
  if (file === undefined) return json
  if (json !== undefined) throw fault('cli.usage', 'the arguments come from a file, or from --json')
  try {
    return readFileSync(resolve(cwd, file), 'utf8')
  } catch (cause) {
    throw fault('cli.usage', `the file ${file} cannot be read`, cause)
  }
}

/** A call that was decided. */
async function explainCall(context: Context, call: string, values: boolean): Promise<void> {
  const control = await context.control()
  const path = '/v1/policies/explain/call'
  const answer = await control.send('POST', path, { call, values }, ExplainCallAnswer)
  context.screen.answer(answer, (surface) => drawDecided(answer, surface, context.screen.now))
}

async function explain(
  context: Context,
  what: string | undefined,
  file: string | undefined,
  options: Options,
): Promise<void> {
  const { screen, shell } = context
  const { agent, call, person, task, unattended, values } = options
  if (call !== undefined) {
    const more = [what, agent, person, task, unattended, options.json]
    if (more.some((one) => one !== undefined)) {
      throw fault('cli.usage', 'with --call, who and what stand in the call itself')
    }
    return explainCall(context, call, values)
  }
  if (what === undefined || agent === undefined) {
    throw fault('cli.usage', 'name system/action and --agent, or a call with --call')
  }
  const slash = what.indexOf('/')
  if (slash < 1) throw fault('cli.usage', 'name the action as system/action')
  if (unattended === true && person !== undefined) {
    throw fault('cli.usage', 'a call is for a person, or for nobody: not both')
  }
  const input = await readInput(textOf(file, options.json, shell.cwd), shell)
  const body = {
    agent,
    ...(person !== undefined && { on_behalf_of: person }),
    ...(unattended === true && { unattended }),
    ...(task !== undefined && { task }),
    system: what.slice(0, slash),
    action: what.slice(slash + 1),
    input,
    values,
  }
  const control = await context.control()
  const answer = await control.send('POST', '/v1/policies/explain', body, ExplainAnswer)
  screen.answer(answer, (surface) => drawExplanation(answer, surface))
}

/** Adds the verb. */
export function register(policy: Command, context: Context): void {
  policy
    .command('explain [system/action] [args.json]')
    .description(
      'say what would be decided for a call, or was, by which conditions, and what would allow it',
    )
    .option('--call <id>', 'a call that was decided, in place of one that is made up')
    .option('--agent <name>', 'the agent that would make it')
    .option('--person <name>', 'on whose behalf; yours where nothing is said')
    .option('--unattended', "on nobody's behalf")
    .option(
      '--task <id>',
      'the task that it would be for; the only one that is open where nothing is said',
    )
    .option('--json <text>', 'the arguments, in place of a file; - reads standard input')
    .option('--no-values', 'leave out what stands in the arguments')
    .action((what: string | undefined, file: string | undefined, options: Options) =>
      explain(context, what, file, options),
    )
}
