// Holds `policy test`: made-up calls decided by files of policies, without a server, and how far the tests reach.

import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { fault } from '../faults.ts'
import { collectPolicies } from '../policy-files.ts'
import { drawCoverage, drawTrial, percentOf, type ToldTrial } from './draw-test.ts'
import { factsOf, SYSTEMS_OPTION, type FactsOptions } from './facts.ts'
import { junitOf } from './junit.ts'
import { drawProblems } from './problems.ts'
import { namedTests, readTests } from './test-files.ts'

interface TestOptions extends FactsOptions {
  readonly minCoverage?: string
  readonly junit?: string
  readonly coverage?: boolean
}

/** A percentage from 0 to 100. */
function least(text: string | undefined): number {
  if (text === undefined) return 0
  const value = Number(text)
  if (/^\d+(?:\.\d+)?$/.test(text) && value <= 100) return value
  throw fault('cli.usage', '--min-coverage is a number from 0 to 100')
}

async function test(context: Context, paths: readonly string[], options: TestOptions) {
  const { screen, shell } = context
  const wanted = least(options.minCoverage)
  const named = namedTests(paths.length === 0 ? ['.'] : paths, shell.cwd)
  const sources = collectPolicies(named.policies, shell.cwd)
  const files = named.files.map(({ path, file }) => readTests(path, file))
  const facts = await factsOf(context, options)
  const { checkPolicies, testPolicies } = await import('../../server/policy-desk.ts')
  const { set, problems } = checkPolicies(sources, facts)
  if (set === undefined) {
    screen.show(drawProblems(problems, 'error', screen.talk))
    throw fault('cli.policy_check', 'the policies do not hold, so nothing was tested')
  }
  const { trials, coverage } = testPolicies(set, files)
  const lines = new Map(files.map(({ file, lines: of }) => [file, of]))
  const told = trials.map(({ name, file, at, differences, decision }): ToldTrial => ({
    name,
    file,
    line: lines.get(file)?.[at] ?? 1,
    ok: differences.length === 0,
    differences,
    ...(decision !== undefined && {
      answer: decision.answer,
      reason: decision.reason,
      parties: decision.parties.map(({ reason }) => reason),
    }),
  }))
  const failed = told.filter(({ ok }) => !ok).length
  const passed = told.length - failed
  const percent = percentOf(coverage)
  if (options.junit !== undefined) writeFileSync(resolve(shell.cwd, options.junit), junitOf(told))
  screen.answer({ passed, failed, tests: told, coverage: { percent, ...coverage } }, (surface) => {
    const drawn = told.map((one) => drawTrial(one, surface)).join('')
    return drawn + drawCoverage(coverage, options.coverage === true, surface)
  })
  if (failed > 0) throw fault('cli.policy_test', `${failed} of ${told.length} tests failed`)
  if (percent < wanted) {
    throw fault('cli.policy_coverage', `the tests reach ${percent} %, and ${wanted} % is asked for`)
  }
}

/** Adds the verb. */
export function register(policy: Command, context: Context): void {
  policy
    .command('test [path...]')
    .description('decide the calls of *.test.yaml files by the policies beside them')
    .option(...SYSTEMS_OPTION)
    .option('--coverage', 'show every clause that no test made true, or false')
    .option('--min-coverage <percent>', 'fail where the tests reach less')
    .option('--junit <file>', 'write the results as JUnit XML too')
    .action((paths: string[], options: TestOptions) => test(context, paths, options))
}
