// Holds what the command line does with policies by itself: a set compiled, analysed, tested and compared without a server.

import type { JsonObject } from '../std/json.ts'
import { analyse } from '../policy/life/analyse.ts'
import { CoverageMeter, type Coverage } from '../policy/life/coverage.ts'
import type { Registered } from '../policy/life/registered.ts'
import { tryTests, type Trial } from '../policy/life/trial.ts'
import { compilePolicySet, type PolicySource } from '../policy/load.ts'
import { inOrder, type Problem } from '../policy/problem.ts'
import type { PolicySet } from '../policy/set.ts'
import type { PolicyFacts } from '../wire/api/policy-facts.ts'
import type { PolicyTestFile } from '../wire/policy-test.ts'
import type { SystemDefinition } from '../wire/system.ts'

/** What looking at a set found: what keeps it from deciding, and what is valid and perhaps not meant. */
export interface PolicyReport {
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
  /** Policies that were read; 0 where there are problems: a set is never half loaded. */
  readonly policies: number
  /** Absent where there are problems. */
  readonly set?: PolicySet
}

/** The systems of the facts, as far as policies see them. */
function systemsOf({ systems }: PolicyFacts): SystemDefinition[] {
  return systems.map(({ name, actions }) => ({
    name,
    transport: { kind: 'stdio', command: '', args: [], env: [] },
    era: '2026-07-28',
    server: { name, version: '' },
    actions: actions.map(({ name: action, input_schema, effects }) => ({
      name: action,
      inputSchema: input_schema as JsonObject,
      effects,
      digest: '',
    })),
    maxProcesses: 1,
    digest: '',
  }))
}

function registeredOf({
  systems,
  agents,
  people,
  teams,
  checks,
}: PolicyFacts): Registered | undefined {
  if (agents === undefined || people === undefined) return undefined
  const environments = Object.fromEntries(
    systems.map(({ name, environment }) => [name, environment]),
  )
  return {
    agents,
    people,
    environments,
    ...(teams !== undefined && {
      teams: teams.map(({ name, members }) => ({ name, members: members.map(({ id }) => id) })),
    }),
    ...(checks !== undefined && { checks: checks.map(({ name }) => name) }),
  }
}

/** Compiles and analyses. */
export function checkPolicies(sources: readonly PolicySource[], facts: PolicyFacts): PolicyReport {
  const compiled = compilePolicySet({ sources, systems: systemsOf(facts) })
  if (!compiled.ok) return { problems: compiled.problems, warnings: [], policies: 0 }
  const { set, warnings } = compiled
  const found = analyse(set, registeredOf(facts))
  // What the library says of a place without knowing why, the analysis says better.
  const places = new Set(found.map(({ file, line }) => `${file}:${line}`))
  const advice = warnings.filter(({ file, line }) => !places.has(`${file}:${line}`))
  const told = inOrder([...advice, ...found], sources)
  return { problems: [], warnings: told, policies: set.policies.size, set }
}

/** Runs files of tests against one set, and tells how far they reach. */
export function testPolicies(
  set: PolicySet,
  files: readonly { readonly file: string; readonly tests: PolicyTestFile }[],
): {
  readonly trials: readonly (Trial & { readonly file: string })[]
  readonly coverage: Coverage
} {
  const meter = new CoverageMeter(set)
  const trials = files.flatMap(({ file, tests }) =>
    tryTests(set, tests).map((trial) => ({ ...trial, file })),
  )
  for (const { request, decision } of trials) {
    if (request !== undefined && decision !== undefined) meter.count(request, decision)
  }
  return { trials, coverage: meter.coverage() }
}

export { destinations, suggestion } from '../policy/life/suggest.ts'
export { compareSets } from '../policy/life/compare.ts'
