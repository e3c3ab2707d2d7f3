// Holds `policy apply`: the whole set from files, compared with what is in force, and after a yes put in its place.

import type { Command } from 'commander'
import { PoliciesAnswer, PolicyApplied, type PolicySource } from '../../wire/api/policy.ts'
import type { Context } from '../context.ts'
import type { Control } from '../control/control.ts'
import { collectPolicies } from '../policy-files.ts'
import { confirm } from '../terminal/ask.ts'
import { changes, drawChange, drawDone } from './change.ts'

interface ApplyOptions {
  readonly add?: boolean
  readonly dryRun?: boolean
  readonly reason?: string
}

/** The set in force with these files in it, in place of those of the same names. */
async function added(control: Control, named: readonly PolicySource[]): Promise<PolicySource[]> {
  const current = await control.get('/v1/policies', PoliciesAnswer)
  const names = new Set(named.map(({ file }) => file))
  return [...current.sources.filter(({ file }) => !names.has(file)), ...named]
}

async function apply(context: Context, paths: readonly string[], options: ApplyOptions) {
  const { screen, shell, asking } = context
  const named = collectPolicies(paths, shell.cwd)
  const reason = options.reason ?? 'policies applied from files'
  const control = await context.control()
  const sources = options.add === true ? await added(control, named) : named
  const send = (dry: boolean): Promise<PolicyApplied> =>
    control.send('POST', '/v1/policies', { sources, dry_run: dry, reason }, PolicyApplied)
  const preview = await send(true)
  if (options.dryRun === true) {
    screen.answer(preview, (drawn) => drawChange(preview, drawn))
    screen.say('nothing was applied: --dry-run')
    return
  }
  if (changes(preview) > 0) {
    screen.show(drawChange(preview, screen.talk))
    await confirm(
      shell,
      asking,
      options.add === true
        ? 'Add these files to the set in force?'
        : `Put these ${sources.length} files in force, in place of all others?`,
    )
  }
  const applied = await send(false)
  screen.answer(applied, () => drawDone(applied))
}

/** Adds the verb. */
export function register(policy: Command, context: Context): void {
  policy
    .command('apply <path...>')
    .description('put the .cedar files of these folders and files in force, as the whole set')
    .option('--add', 'keep the files that are in force, and add or replace these')
    .option('--dry-run', 'check and compare, and change nothing')
    .option('--reason <text>', 'why; stands in the record')
    .action((paths: string[], options: ApplyOptions) => apply(context, paths, options))
}
