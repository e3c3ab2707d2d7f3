// Holds `policy log` and `policy rollback`: which sets were applied, by whom and why, and going back to one.

import type { Command } from 'commander'
import { PolicyApplied } from '../../wire/api/policy.ts'
import { PolicyVersionsAnswer } from '../../wire/api/policy-version.ts'
import type { Context } from '../context.ts'
import { target } from '../control/control.ts'
import { reasonOf } from '../reason.ts'
import { confirm } from '../terminal/ask.ts'
import { table } from '../terminal/table.ts'
import { when } from '../terminal/when.ts'
import { changes, drawChange, drawDone } from './change.ts'

async function log(context: Context, options: { readonly limit: string }): Promise<void> {
  const { screen } = context
  const path = target(['v1', 'policies', 'versions'], { limit: options.limit })
  const answer = await (await context.control()).get(path, PolicyVersionsAnswer)
  screen.answer(answer, (surface) =>
    table(
      ['VERSION', 'APPLIED', 'BY', 'AGREED', 'FILES', 'REASON'],
      answer.versions.map((one) => [
        one.current ? { text: one.id, style: 'green' } : one.id,
        when(one.applied_at, screen.now),
        one.applied_by,
        one.approved_by ?? '',
        one.files,
        `${one.rollback_of === null ? '' : `back to ${one.rollback_of}: `}${one.reason ?? ''}`,
      ]),
      surface,
    ),
  )
}

interface RollbackOptions {
  readonly reason?: string
  readonly dryRun?: boolean
}

async function rollback(context: Context, version: string, options: RollbackOptions) {
  const { screen, shell, asking } = context
  const reason = await reasonOf(context, options.reason)
  const control = await context.control()
  const send = (dry: boolean): Promise<PolicyApplied> =>
    control.send('POST', '/v1/policies/rollback', { version, reason, dry_run: dry }, PolicyApplied)
  const preview = await send(true)
  if (options.dryRun === true) {
    screen.answer(preview, (drawn) => drawChange(preview, drawn))
    screen.say('nothing was applied: --dry-run')
    return
  }
  if (changes(preview) > 0) {
    screen.show(drawChange(preview, screen.talk))
    await confirm(shell, asking, `Put the text of ${version} in force again?`)
  }
  const applied = await send(false)
  screen.answer(applied, () => drawDone(applied))
}

/** Adds the verbs. */
export function register(policy: Command, context: Context): void {
  policy
    .command('log')
    .description('the versions that were applied, the newest first')
    .option('--limit <count>', 'versions to show', '50')
    .action((options: { limit: string }) => log(context, options))
  policy
    .command('rollback <version>')
    .description('put the text of an earlier version in force again, as a new version')
    .option('--dry-run', 'compare, and change nothing')
    .option('--reason <text>', 'why; stands in the record')
    .action((version: string, options: RollbackOptions) => rollback(context, version, options))
}
