// Holds `policy check`: files held against the pinned systems, and told what is wrong and what cannot be meant.

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { fault } from '../faults.ts'
import { collectPolicies } from '../policy-files.ts'
import { factsOf, SYSTEMS_OPTION, type FactsOptions } from './facts.ts'
import { drawProblems } from './problems.ts'

interface CheckOptions extends FactsOptions {
  readonly strict?: boolean
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}

async function check(context: Context, paths: readonly string[], options: CheckOptions) {
  const { screen, shell } = context
  const sources = collectPolicies(paths.length === 0 ? ['.'] : paths, shell.cwd)
  const facts = await factsOf(context, options)
  const { checkPolicies } = await import('../../server/policy-desk.ts')
  const { problems, warnings, policies } = checkPolicies(sources, facts)
  const ok = problems.length === 0 && !(options.strict === true && warnings.length > 0)
  screen.answer({ ok, files: sources.length, policies, problems, warnings }, (surface) => {
    const drawn =
      drawProblems(problems, 'error', surface) + drawProblems(warnings, 'warning', surface)
    const said = `${counted(policies, 'policy', 'policies')} in ${counted(sources.length, 'file', 'files')}: right`
    return problems.length > 0 ? drawn : `${drawn}${surface.paint('green', said)}\n`
  })
  if (!ok) {
    const count = problems.length > 0 ? problems.length : warnings.length
    const what = problems.length > 0 ? 'wrong' : 'in doubt'
    throw fault('cli.policy_check', `${count} ${count === 1 ? 'thing is' : 'things are'} ${what}`)
  }
}

/** Adds the verb. */
export function register(policy: Command, context: Context): void {
  policy
    .command('check [path...]')
    .description('hold .cedar files against what is pinned and registered, and change nothing')
    .option(...SYSTEMS_OPTION)
    .option('--strict', 'fail on warnings too')
    .action((paths: string[], options: CheckOptions) => check(context, paths, options))
}
