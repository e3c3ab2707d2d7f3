// Holds `policy apply`: the whole set from files, compared with what is in force, and after a yes put in its place.

import type { Command } from 'commander'
import { PoliciesAnswer, PolicyApplied, type PolicySource } from '../../wire/api/policy.ts'
import type { Context } from '../context.ts'
import type { Control } from '../control/control.ts'
import { collectPolicies } from '../policy-files.ts'
import { confirm } from '../terminal/ask.ts'
import type { Surface } from '../terminal/table.ts'
import { visible } from '../terminal/visible.ts'

function drawChange(applied: PolicyApplied, surface: Surface): string {
  const { added, removed, changed } = applied
  const lines = [
    ...added.map((id) => surface.paint('green', `+ ${visible(id)}`)),
    ...changed.map((id) => surface.paint('yellow', `~ ${visible(id)}`)),
    ...removed.map((id) => surface.paint('red', `- ${visible(id)}`)),
  ]
  if (lines.length === 0) lines.push('no policy changes')
  for (const { file, line, column, message, help } of applied.warnings) {
    const hint = help === undefined ? '' : ` (${help})`
    const words = visible(`${file}:${line}:${column}: ${message}${hint}`)
    lines.push(`${surface.paint('yellow', 'warning:')} ${words}`)
  }
  return `${lines.join('\n')}\n`
}

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
  const nothing = preview.added.length + preview.removed.length + preview.changed.length === 0
  if (options.dryRun === true) {
    screen.answer(preview, (drawn) => drawChange(preview, drawn))
    screen.say('nothing was applied: --dry-run')
    return
  }
  if (!nothing) {
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
  screen.answer(applied, () => `in force: ${applied.digest}\n`)
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
