// Holds `policy`: its verbs in the order of the help, each in a file of `policy/`.

import type { Command } from 'commander'
import type { Context } from './context.ts'
import * as apply from './policy/apply.ts'
import * as check from './policy/check.ts'
import * as diff from './policy/diff.ts'
import * as explain from './policy/explain.ts'
import * as facts from './policy/facts.ts'
import * as proposals from './policy/proposals.ts'
import * as reach from './policy/reach.ts'
import * as replay from './policy/replay.ts'
import * as schema from './policy/schema.ts'
import * as show from './policy/show.ts'
import * as suggest from './policy/suggest.ts'
import * as test from './policy/test.ts'
import * as versions from './policy/versions.ts'

/** The files of the verbs. What is heavy each of them loads when it runs. */
const VERBS = [
  check,
  test,
  diff,
  replay,
  suggest,
  explain,
  reach,
  apply,
  show,
  versions,
  proposals,
  facts,
  schema,
]

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const policy = program.command('policy').description('policies: write, test, apply, compare')
  for (const verb of VERBS) verb.register(policy, context)
}
